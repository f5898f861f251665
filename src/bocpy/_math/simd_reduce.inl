// Part of simd.inl: loops that fold many numbers into one, and rows into a row.

struct Plain {
    static double one(double x) { return x; }
    static Vector run(const Vector& v) { return v; }
};
struct Square {
    static double one(double x) { return x * x; }
    static Vector run(const Vector& v) { return v * v; }
};

/// Partial sums added in a fixed order that does not depend on the width of a vector:
/// each in the first half to its partner in the second, until one is left.
inline double fold(const Vector* partial) {
    Vector half[kGroups];
    for (Index g = 0; g < kGroups; ++g) {
        half[g] = partial[g];
    }
    for (Index width = kGroups / 2; width > 0; width /= 2) {
        for (Index g = 0; g < width; ++g) {
            half[g] = half[g] + half[g + width];
        }
    }
    double lanes[kLanes];
    store(lanes, half[0]);
    for (Index width = kLanes / 2; width > 0; width /= 2) {
        for (Index lane = 0; lane < width; ++lane) {
            lanes[lane] = lanes[lane] + lanes[lane + width];
        }
    }
    return lanes[0];
}

template <typename Map> double sum(const double* in, Index n) {
    Index i = 0;
    double total = 0.0;
    if (n >= kPartial) {
        Vector partial[kGroups] = {};
        for (; i + kPartial <= n; i += kPartial) {
            for (Index g = 0; g < kGroups; ++g) {
                partial[g] += Map::run(load(in + i + g * kLanes));
            }
        }
        total += fold(partial);
    }
    for (; i < n; ++i) {
        total += Map::one(in[i]);
    }
    return total;
}

double dot(const double* a, const double* b, Index n) {
    Index i = 0;
    double total = 0.0;
    if (n >= kPartial) {
        Vector partial[kGroups] = {};
        for (; i + kPartial <= n; i += kPartial) {
            for (Index g = 0; g < kGroups; ++g) {
                partial[g] += load(a + i + g * kLanes) * load(b + i + g * kLanes);
            }
        }
        total += fold(partial);
    }
    for (; i < n; ++i) {
        total += a[i] * b[i];
    }
    return total;
}

/// Keeps a NaN on either side: once the best is NaN no comparison replaces it.
struct Least {
    static bool better(double x, double best) { return x < best; }
    static double run(double best, double x) { return x < best || x != x ? x : best; }
    static auto mask(const Vector& x, const Vector& best) { return x < best; }
};
struct Most {
    static bool better(double x, double best) { return x > best; }
    static double run(double best, double x) { return x > best || x != x ? x : best; }
    static auto mask(const Vector& x, const Vector& best) { return x > best; }
};

/// Comparisons alone would step over a NaN, so a sum gathers it; opposite infinities make
/// a NaN of the sum too, and then this second look decides.
inline bool has_nan(const double* in, Index n) {
    bool found = false;
    for (Index i = 0; i < n; ++i) {
        found |= in[i] != in[i];
    }
    return found;
}

inline double sum_of_lanes(const Vector& v) {
    double total = 0.0;
    for (Index lane = 0; lane < kLanes; ++lane) {
        total += lane_of(v, lane);
    }
    return total;
}

template <typename Pick> double extreme(const double* in, Index n) {
    Index i = 0;
    double best = in[0];
    if (n >= kPartial) {
        Vector bests[kGroups];
        Vector doubt[kGroups / 2] = {};
        for (Index g = 0; g < kGroups; ++g) {
            bests[g] = load(in + g * kLanes);
        }
        for (; i + kPartial <= n; i += kPartial) {
            for (Index g = 0; g < kGroups; g += 2) {
                const Vector x = load(in + i + g * kLanes);
                const Vector y = load(in + i + (g + 1) * kLanes);
                bests[g] = Pick::mask(x, bests[g]) ? x : bests[g];
                bests[g + 1] = Pick::mask(y, bests[g + 1]) ? y : bests[g + 1];
                doubt[g / 2] += x + y;
            }
        }
        Vector doubts = doubt[0];
        for (Index g = 1; g < kGroups / 2; ++g) {
            doubts += doubt[g];
        }
        const double doubted = sum_of_lanes(doubts);
        if (doubted != doubted && has_nan(in, i)) {
            return doubted;
        }
        for (Index g = 0; g < kGroups; ++g) {
            for (Index lane = 0; lane < kLanes; ++lane) {
                best = Pick::run(best, lane_of(bests[g], lane));
            }
        }
    }
    for (; i < n; ++i) {
        best = Pick::run(best, in[i]);
        if (best != best) {
            return best;
        }
    }
    return best;
}

/// Folds `Rows` rows into one, each column from the first row to the last.
template <Index Rows, typename Step>
inline void fold_rows(double* into, const double* in, Index columns) {
    BOC_SIMD_LOOP
    for (Index j = 0; j < columns; ++j) {
        double result = into[j];
        for (Index row = 0; row < Rows; ++row) {
            result = Step::run(result, in[row * columns + j]);
        }
        into[j] = result;
    }
}

template <typename Step> void fold_down(double* into, const double* in, Shape shape) {
    constexpr Index kRows = 8; ///< for one look at `into`
    Index row = 0;
    for (; row + kRows <= shape.rows; row += kRows) {
        fold_rows<kRows, Step>(into, in + row * shape.columns, shape.columns);
    }
    for (; row < shape.rows; ++row) {
        fold_rows<1, Step>(into, in + row * shape.columns, shape.columns);
    }
}

struct AddNumber { static double run(double total, double x) { return total + x; } };
struct AddSquare { static double run(double total, double x) { return total + x * x; } };
struct MultiplyNumber { static double run(double total, double x) { return total * x; } };
struct AnyNumber { static double run(double found, double x) { return x != 0.0 ? 1.0 : found; } };
struct AllNumbers { static double run(double kept, double x) { return x == 0.0 ? 0.0 : kept; } };

// Part of simd.inl: loops that fold many numbers into one, and rows into a row.

struct Plain { static Vector run(const Vector& v) { return v; } };
struct Square { static Vector run(const Vector& v) { return v * v; } };

/// Partial sums added in a fixed order that does not depend on the width of a vector.
inline double fold(const double* partial) {
    double half[kPartial];
    for (Index i = 0; i < kPartial; ++i) {
        half[i] = partial[i];
    }
    for (Index width = kPartial / 2; width > 0; width /= 2) {
        for (Index i = 0; i < width; ++i) {
            half[i] = half[i] + half[i + width];
        }
    }
    return half[0];
}

inline double fold(const Vector* partial) {
    double flat[kPartial];
    for (Index g = 0; g < kGroups; ++g) {
        store(flat + g * kLanes, partial[g]);
    }
    return fold(flat);
}

inline double square_or_not(double x, Plain) { return x; }
inline double square_or_not(double x, Square) { return x * x; }

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
        total += square_or_not(in[i], Map{});
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
    static double run(double best, double x) { return x < best || x != x ? x : best; }
    static Vector run(const Vector& best, const Vector& x) { return x < best ? x : best; }
};
struct Most {
    static double run(double best, double x) { return x > best || x != x ? x : best; }
    static Vector run(const Vector& best, const Vector& x) { return x > best ? x : best; }
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

template <typename Pick> double extreme(const double* in, Index n) {
    Index i = 0;
    double best = in[0];
    if (n >= kPartial) {
        Vector bests[kGroups];
        Vector doubt[kGroups] = {};
        for (Index g = 0; g < kGroups; ++g) {
            bests[g] = load(in + g * kLanes);
        }
        for (; i + kPartial <= n; i += kPartial) {
            for (Index g = 0; g < kGroups; ++g) {
                const Vector x = load(in + i + g * kLanes);
                bests[g] = Pick::run(bests[g], x);
                doubt[g] += x;
            }
        }
        const double doubted = fold(doubt);
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

Index place(const double* in, Index n, double number) {
    constexpr Index kBlock = 8 * kPartial; ///< between two looks at what was found
    const Vector one = 1.0 - Vector{};
    const Vector wanted = number - Vector{};
    Index at = 0;
    for (; at + kBlock <= n; at += kBlock) {
        Vector hits[kGroups] = {};
        for (Index i = 0; i < kBlock; i += kPartial) {
            for (Index g = 0; g < kGroups; ++g) {
                const Vector x = load(in + at + i + g * kLanes);
                hits[g] = x == wanted ? one : hits[g];
            }
        }
        if (fold(hits) != 0.0) {
            break;
        }
    }
    while (at < n - 1 && in[at] != number) {
        ++at;
    }
    return at;
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

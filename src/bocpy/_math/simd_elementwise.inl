// Part of simd.inl: loops over numbers that do not depend on one another.

struct Add { static double run(double a, double b) { return a + b; } };
struct Subtract { static double run(double a, double b) { return a - b; } };
struct Multiply { static double run(double a, double b) { return a * b; } };
struct Divide { static double run(double a, double b) { return a / b; } };
struct Power { static double run(double a, double b) { return pow_of(a, b); } };

/// As Python divides floats, but for a divisor of 0, which gives what `/` and C give.
struct FloorDivide {
    static double run(double a, double b) {
        if (b == 0.0) {
            return a / b;
        }
        const double rest = fmod_of(a, b);
        const double below = rest != 0.0 && (rest < 0.0) != (b < 0.0) ? 1.0 : 0.0;
        const double quotient = (a - rest) / b - below;
        if (quotient == 0.0) {
            return signed_as(0.0, a / b);
        }
        const double whole = floor_of(quotient);
        return quotient - whole > 0.5 ? whole + 1.0 : whole;
    }
};
struct Remainder {
    static double run(double a, double b) {
        const double rest = fmod_of(a, b);
        if (rest == 0.0) {
            return signed_as(0.0, b);
        }
        return (rest < 0.0) != (b < 0.0) ? rest + b : rest;
    }
};

struct IsLess {
    static bool test(double a, double b) { return a < b; }
    static auto mask(const Vector& a, const Vector& b) { return a < b; }
};
struct IsLessEqual {
    static bool test(double a, double b) { return a <= b; }
    static auto mask(const Vector& a, const Vector& b) { return a <= b; }
};
struct IsGreater {
    static bool test(double a, double b) { return a > b; }
    static auto mask(const Vector& a, const Vector& b) { return a > b; }
};
struct IsGreaterEqual {
    static bool test(double a, double b) { return a >= b; }
    static auto mask(const Vector& a, const Vector& b) { return a >= b; }
};
struct IsEqual {
    static bool test(double a, double b) { return a == b; }
    static auto mask(const Vector& a, const Vector& b) { return a == b; }
};
struct IsNotEqual {
    static bool test(double a, double b) { return a != b; }
    static auto mask(const Vector& a, const Vector& b) { return a != b; }
};

template <typename Is> struct Number {
    static double run(double a, double b) { return Is::test(a, b) ? 1.0 : 0.0; }
};

template <typename Op> void binary(double* out, Lane left, Lane right, Index n) {
    const double* const a = left.data;
    const double* const b = right.data;
    if (left.step != 0 && right.step != 0) {
        BOC_SIMD_LOOP
        for (Index i = 0; i < n; ++i) {
            out[i] = Op::run(a[i], b[i]);
        }
    } else if (left.step != 0) {
        const double s = *b;
        BOC_SIMD_LOOP
        for (Index i = 0; i < n; ++i) {
            out[i] = Op::run(a[i], s);
        }
    } else {
        const double s = *a;
        const Index step = right.step;
        BOC_SIMD_LOOP
        for (Index i = 0; i < n; ++i) {
            out[i] = Op::run(s, step != 0 ? b[i] : *b);
        }
    }
}

/// The same for operations that are calls, which no vector runs.
template <typename Op> void binary_by_calls(double* out, Lane left, Lane right, Index n) {
    for (Index i = 0; i < n; ++i) {
        out[i] = Op::run(left.data[i * left.step], right.data[i * right.step]);
    }
}

struct Negate { static double run(double x) { return -x; } };
struct Abs { static double run(double x) { return abs_of(x); } };
struct Ceil { static double run(double x) { return ceil_of(x); } };
struct Floor { static double run(double x) { return floor_of(x); } };
struct Round { static double run(double x) { return round_of(x); } };
struct Sqrt { static double run(double x) { return sqrt_of(x); } };
struct Reciprocal { static double run(double x) { return 1.0 / x; } };
struct Sign {
    static double run(double x) { return (x > 0.0 ? 1.0 : 0.0) - (x < 0.0 ? 1.0 : 0.0); }
};

template <typename Op> void unary(double* out, const double* in, Index n) {
    BOC_SIMD_LOOP
    for (Index i = 0; i < n; ++i) {
        out[i] = Op::run(in[i]);
    }
}

/// A NaN bound is inert and a NaN number stays: all comparisons with it are false.
void clip(double* out, const double* in, Index n, double low, double high) {
    BOC_SIMD_LOOP
    for (Index i = 0; i < n; ++i) {
        const double x = in[i];
        const double raised = x < low ? low : x;
        out[i] = raised > high ? high : raised;
    }
}

void where(double* out, const double* mask, Lane a, Lane b, Index n) {
    if (a.step != 0 && b.step != 0) {
        BOC_SIMD_LOOP
        for (Index i = 0; i < n; ++i) {
            const double yes = a.data[i];
            const double no = b.data[i];
            out[i] = mask[i] != 0.0 ? yes : no;
        }
        return;
    }
    for (Index i = 0; i < n; ++i) {
        const double yes = a.data[i * a.step];
        const double no = b.data[i * b.step];
        out[i] = mask[i] != 0.0 ? yes : no;
    }
}

void fused(double* out, Lane a, Lane b, Lane c, Index n) {
    if (a.step != 0 && b.step != 0 && c.step != 0) {
        BOC_SIMD_LOOP
        for (Index i = 0; i < n; ++i) {
            out[i] = fma_of(a.data[i], b.data[i], c.data[i]);
        }
        return;
    }
    const double first_b = *b.data;
    const double first_c = *c.data;
    for (Index i = 0; i < n; ++i) {
        out[i] = fma_of(a.data[i * a.step], b.step != 0 ? b.data[i] : first_b,
                        c.step != 0 ? c.data[i] : first_c);
    }
}

void scaled_add(double* out, Lane a, Lane s, Lane x, Index n) {
    if (s.step == 0) {
        const double factor = *s.data;
        BOC_SIMD_LOOP
        for (Index i = 0; i < n; ++i) {
            const double scaled = factor * x.data[i];
            out[i] = a.data[i] + scaled;
        }
        return;
    }
    BOC_SIMD_LOOP
    for (Index i = 0; i < n; ++i) {
        const double scaled = s.data[i] * x.data[i];
        out[i] = a.data[i] + scaled;
    }
}

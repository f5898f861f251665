// Part of simd.inl: loops over masks that are still bytes.

#if defined(__has_builtin) && defined(__BYTE_ORDER__)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && __has_builtin(__builtin_convertvector) && \
    __has_builtin(__builtin_shufflevector)
#define BOC_SIMD_MASKS
#endif
#endif

#if defined(BOC_SIMD_MASKS)
using Words = decltype(Vector{} < Vector{});
using Bytes [[gnu::vector_size(BOC_SIMD_BYTES)]] = MaskByte;
using FewBytes [[gnu::vector_size(BOC_SIMD_BYTES / 8)]] = MaskByte;

constexpr Index kInWord = 8;
alignas(64) constexpr long long kOnes[kInWord] = {1LL << 0,  1LL << 8,  1LL << 16, 1LL << 24,
                                                  1LL << 32, 1LL << 40, 1LL << 48, 1LL << 56};

/// Which of the bytes of `word`, from `first` on, are 1: one in each lane.
inline Words chosen(long long word, Index first) {
    Words ones;
    __builtin_memcpy(&ones, kOnes + first, sizeof ones);
    return (ones & word) == ones;
}

inline long long word_at(const MaskByte* at) {
    long long word;
    __builtin_memcpy(&word, at, sizeof word);
    return word;
}

inline Vector repeat(double x) { return x - Vector{}; }

constexpr Index kInBytes = static_cast<Index>(sizeof(Bytes));

template <Index Step> inline Vector vector(const double* at, Index i) {
    return Step != 0 ? load(at + i) : repeat(*at);
}

/// The bytes of `kInBytes` comparisons.
template <typename Is, Index LeftStep, Index RightStep>
inline void compare_some(MaskByte* out, const double* a, const double* b) {
#if BOC_SIMD_BYTES == 64
    for (Index i = 0; i < kInBytes; i += kLanes) {
        const Words found = Is::mask(vector<LeftStep>(a, i), vector<RightStep>(b, i)) & 1;
        const FewBytes bytes = __builtin_convertvector(found, FewBytes);
        __builtin_memcpy(out + i, &bytes, sizeof bytes);
    }
#else
    Words words = {}; // byte k of a word belongs to comparison k of its lane
    for (int k = 0; k < 8; ++k) {
        const Index i = k * kLanes;
        const auto found = Is::mask(vector<LeftStep>(a, i), vector<RightStep>(b, i));
        const long long bit = 1LL << (8 * k);
        words |= found & bit;
    }
    const auto by_lane = reinterpret_cast<const Bytes&>(words);
#if BOC_SIMD_BYTES == 32
    const Bytes bytes = __builtin_shufflevector(
        by_lane, by_lane, 0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27, 4, 12,
        20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31);
#else
    const Bytes bytes = __builtin_shufflevector(by_lane, by_lane, 0, 8, 1, 9, 2, 10, 3, 11,
                                                4, 12, 5, 13, 6, 14, 7, 15);
#endif
    __builtin_memcpy(out, &bytes, sizeof bytes);
#endif
}

/// These do the most of `n` and return how many that were.
template <typename Is, Index LeftStep, Index RightStep>
Index compare_most(MaskByte* out, const double* a, const double* b, Index n) {
    Index i = 0;
    for (; i + kInBytes <= n; i += kInBytes) {
        compare_some<Is, LeftStep, RightStep>(out + i, a + i * LeftStep,
                                              b + i * RightStep);
    }
    return i;
}

Index expand_most(double* out, const MaskByte* mask, Index n) {
    Index i = 0;
    for (; i + kInWord <= n; i += kInWord) {
        const long long word = word_at(mask + i);
        for (Index j = 0; j < kInWord; j += kLanes) {
            store(out + i + j, chosen(word, j) ? repeat(1.0) : repeat(0.0));
        }
    }
    return i;
}

template <Index YesStep, Index NoStep>
Index where_most(double* out, const MaskByte* mask, const double* a, const double* b,
                 Index n) {
    Index i = 0;
    for (; i + kInWord <= n; i += kInWord) {
        const long long word = word_at(mask + i);
        for (Index j = 0; j < kInWord; j += kLanes) {
            const Vector yes = vector<YesStep>(a, i + j);
            const Vector no = vector<NoStep>(b, i + j);
            store(out + i + j, chosen(word, j) ? yes : no);
        }
    }
    return i;
}

Index count_most(Index& total, const MaskByte* mask, Index n) {
    constexpr Index kPiece = 255 * kInBytes; ///< whose count per byte fits the byte
    Index i = 0;
    while (i + kInBytes <= n) {
        const Index end = n - i < kPiece ? n : i + kPiece;
        Bytes sums = {};
        for (; i + kInBytes <= end; i += kInBytes) {
            Bytes bytes;
            __builtin_memcpy(&bytes, mask + i, sizeof bytes);
            sums += bytes;
        }
        for (Index j = 0; j < kInBytes; ++j) {
            total += sums[j];
        }
    }
    return i;
}
#else
template <typename Is, Index LeftStep, Index RightStep>
Index compare_most(MaskByte*, const double*, const double*, Index) { return 0; }
Index expand_most(double*, const MaskByte*, Index) { return 0; }
template <Index YesStep, Index NoStep>
Index where_most(double*, const MaskByte*, const double*, const double*, Index) {
    return 0;
}
Index count_most(Index&, const MaskByte*, Index) { return 0; }
#endif

template <typename Is> void compare(MaskByte* out, Lane left, Lane right, Index n) {
    const auto most = left.step == 0    ? &compare_most<Is, 0, 1>
                      : right.step == 0 ? &compare_most<Is, 1, 0>
                                        : &compare_most<Is, 1, 1>;
    Index i = left.step == 0 && right.step == 0 ? 0 : most(out, left.data, right.data, n);
    for (; i < n; ++i) {
        out[i] = Is::test(left.data[i * left.step], right.data[i * right.step]) ? 1 : 0;
    }
}

void expand(double* out, const MaskByte* mask, Index n) {
    for (Index i = expand_most(out, mask, n); i < n; ++i) {
        out[i] = mask[i];
    }
}

void where_mask(double* out, MaskLane mask, Lane a, Lane b, Index n) {
    const auto most = a.step != 0 ? (b.step != 0 ? &where_most<1, 1> : &where_most<1, 0>)
                                  : (b.step != 0 ? &where_most<0, 1> : &where_most<0, 0>);
    for (Index i = most(out, mask.data, a.data, b.data, n); i < n; ++i) {
        const double yes = a.data[i * a.step];
        const double no = b.data[i * b.step];
        out[i] = mask.data[i] != 0 ? yes : no;
    }
}

Index count(const MaskByte* mask, Index n) {
    Index total = 0;
    for (Index i = count_most(total, mask, n); i < n; ++i) {
        total += mask[i];
    }
    return total;
}

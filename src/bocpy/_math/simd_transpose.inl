// Part of simd.inl: transposition in squares small enough for the cache.

constexpr Index kSquare = 8;

/// One square; a fixed size lets the compiler keep it in registers.
inline void transpose_square(double* out, Index out_stride, const double* in,
                             Index in_stride) {
    for (Index i = 0; i < kSquare; ++i) {
        for (Index j = 0; j < kSquare; ++j) {
            out[i * out_stride + j] = in[j * in_stride + i];
        }
    }
}

void transpose_edge(double* out, const double* in, Shape shape, Index row, Index column) {
    const Index last_row = shape.rows - row < kSquare ? shape.rows : row + kSquare;
    const Index last_column =
        shape.columns - column < kSquare ? shape.columns : column + kSquare;
    for (Index j = column; j < last_column; ++j) {
        for (Index i = row; i < last_row; ++i) {
            out[j * shape.rows + i] = in[i * shape.columns + j];
        }
    }
}

#if defined(BOC_SIMD_STREAM)
constexpr Index kScattered = Index{3} << 18U; ///< too many lines to come back to

/// Whole squares whose columns are whole lines of `out`, stored past the caches.
void transpose_streamed(double* out, const double* in, Shape shape) {
    alignas(kLineBytes) double square[kSquare * kSquare];
    for (Index i = 0; i < shape.rows; i += kSquare) {
        for (Index j = 0; j < shape.columns; j += kSquare) {
            if (shape.columns - j < kSquare) {
                transpose_edge(out, in, shape, i, j);
                continue;
            }
            transpose_square(square, kSquare, in + i * shape.columns + j, shape.columns);
            for (Index column = 0; column < kSquare; ++column) {
                stream(out + (j + column) * shape.rows + i, square + column * kSquare,
                       kSquare);
            }
        }
    }
    settle();
}
#endif

void transpose(double* out, const double* in, Shape shape) {
#if defined(BOC_SIMD_STREAM)
    static_assert(kSquare == kLineNumbers);
    if (shape.size() >= kScattered && shape.rows % kSquare == 0 &&
        reinterpret_cast<std::uintptr_t>(out) % kLineBytes == 0) {
        transpose_streamed(out, in, shape);
        return;
    }
#endif
    for (Index i = 0; i < shape.rows; i += kSquare) {
        for (Index j = 0; j < shape.columns; j += kSquare) {
            if (i + kSquare <= shape.rows && j + kSquare <= shape.columns) {
                transpose_square(out + j * shape.rows + i, shape.rows,
                                 in + i * shape.columns + j, shape.columns);
            } else {
                transpose_edge(out, in, shape, i, j);
            }
        }
    }
}

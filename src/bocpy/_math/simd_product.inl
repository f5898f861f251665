// Part of simd.inl: the matrix product by register tiles. A tile keeps kTileRows x kTile
// sums in registers over a stretch of k; between stretches they rest in `out`, exactly.

constexpr Index kTileRows = BOC_SIMD_TILE_ROWS;
constexpr Index kTileVectors = BOC_SIMD_TILE_VECTORS;
constexpr Index kTile = kTileVectors * kLanes;
constexpr Index kStretch = 256; ///< rows of the packed panel: half of a small L2

/// One step of the product over a panel of `b`.
struct Panel {
    const double* packed; ///< depth x kTile
    Index depth;
    bool first; ///< the sums start at +0.0
};

template <Index Rows>
void tile(double* out, Index out_stride, const double* a, Index a_stride,
          const Panel& panel) {
    Vector sums[Rows][kTileVectors] = {};
    if (!panel.first) {
        for (Index r = 0; r < Rows; ++r) {
            for (Index v = 0; v < kTileVectors; ++v) {
                sums[r][v] = load(out + r * out_stride + v * kLanes);
            }
        }
    }
    const double* b = panel.packed;
    for (Index k = 0; k < panel.depth; ++k, b += kTile) {
        for (Index r = 0; r < Rows; ++r) {
            const Vector factor = a[r * a_stride + k] - Vector{};
            for (Index v = 0; v < kTileVectors; ++v) {
                sums[r][v] += factor * load(b + v * kLanes);
            }
        }
    }
    for (Index r = 0; r < Rows; ++r) {
        for (Index v = 0; v < kTileVectors; ++v) {
            store(out + r * out_stride + v * kLanes, sums[r][v]);
        }
    }
}

using Tile = void (*)(double*, Index, const double*, Index, const Panel&);

template <Index Rows> Tile tile_of(Index rows) {
    if constexpr (Rows == 1) {
        return &tile<1>;
    } else {
        return rows == Rows ? &tile<Rows> : tile_of<Rows - 1>(rows);
    }
}

/// Copies `width` columns of `depth` rows of b; the columns up to kTile become 0.
void pack(double* packed, const double* b, Index stride, Index depth, Index width) {
    for (Index k = 0; k < depth; ++k) {
        for (Index j = 0; j < kTile; ++j) {
            packed[k * kTile + j] = j < width ? b[k * stride + j] : 0.0;
        }
    }
}

/// A panel at the right edge: the tile works in a copy as wide as it needs.
template <typename Run> void through_copy(double* out, Index stride, Index rows,
                                          Index width, const Run& run) {
    double copy[kTileRows * kTile] = {};
    for (Index r = 0; r < rows; ++r) {
        for (Index j = 0; j < width; ++j) {
            copy[r * kTile + j] = out[r * stride + j];
        }
    }
    run(copy, kTile);
    for (Index r = 0; r < rows; ++r) {
        for (Index j = 0; j < width; ++j) {
            out[r * stride + j] = copy[r * kTile + j];
        }
    }
}

void product_panel(double* out, const double* a, Shape a_shape, Index columns,
                   Index width, const Panel& panel) {
    for (Index i = 0; i < a_shape.rows; i += kTileRows) {
        const Index left = a_shape.rows - i;
        const Index rows = left < kTileRows ? left : kTileRows;
        const Tile run = tile_of<kTileRows>(rows);
        const double* const from = a + i * a_shape.columns;
        double* const to = out + i * columns;
        if (width == kTile) {
            run(to, columns, from, a_shape.columns, panel);
        } else {
            through_copy(to, columns, rows, width, [&](double* copy, Index stride) {
                run(copy, stride, from, a_shape.columns, panel);
            });
        }
    }
}

/// Cells of one column side by side, from row `i` on: sums that wait for none of the
/// others. Returns the first row not done.
template <Index Chains>
inline Index product_chains(double* out, const double* a, const double* b, Shape a_shape,
                            Index columns, Index i) {
    const Index inner = a_shape.columns;
    for (; i + Chains <= a_shape.rows; i += Chains) {
        double sums[Chains] = {};
        for (Index k = 0; k < inner; ++k) {
            for (Index r = 0; r < Chains; ++r) {
                sums[r] += a[(i + r) * inner + k] * b[k * columns];
            }
        }
        for (Index r = 0; r < Chains; ++r) {
            out[(i + r) * columns] = sums[r];
        }
    }
    return i;
}

void product_column(double* out, const double* a, const double* b, Shape a_shape,
                    Index columns) {
    Index i = product_chains<8>(out, a, b, a_shape, columns, 0);
    i = product_chains<4>(out, a, b, a_shape, columns, i);
    product_chains<1>(out, a, b, a_shape, columns, i);
}

/// Row by row, for what is too small to be worth packing.
void product_small(double* out, const double* a, const double* b, Shape a_shape,
                   Index columns) {
    for (Index i = 0; i < a_shape.rows; ++i) {
        double* const row = out + i * columns;
        for (Index j = 0; j < columns; ++j) {
            row[j] = 0.0;
        }
        for (Index k = 0; k < a_shape.columns; ++k) {
            const double factor = a[i * a_shape.columns + k];
            BOC_SIMD_LOOP
            for (Index j = 0; j < columns; ++j) {
                row[j] += factor * b[k * columns + j];
            }
        }
    }
}

constexpr Index kSmallProduct = 4096; ///< multiplications
constexpr Index kFewColumns = 8;      ///< below this a row is too short for vectors

bool is_small_product(Shape a_shape, Index columns) {
    return a_shape.rows < kTileRows || a_shape.size() <= kSmallProduct / columns;
}

Index product_scratch(Shape a_shape, Index columns) {
    return columns < kFewColumns || is_small_product(a_shape, columns) ? 0 : kStretch * kTile;
}

void product(double* out, const double* a, const double* b, Shape a_shape, Index columns,
             double* scratch) {
    if (columns < kFewColumns) {
        for (Index j = 0; j < columns; ++j) {
            product_column(out + j, a, b + j, a_shape, columns);
        }
        return;
    }
    if (is_small_product(a_shape, columns)) {
        product_small(out, a, b, a_shape, columns);
        return;
    }
    const Index inner = a_shape.columns;
    for (Index j = 0; j < columns; j += kTile) {
        const Index width = columns - j < kTile ? columns - j : kTile;
        for (Index k = 0; k < inner; k += kStretch) {
            const Index depth = inner - k < kStretch ? inner - k : kStretch;
            pack(scratch, b + k * columns + j, columns, depth, width);
            product_panel(out + j, a + k, a_shape, columns, width,
                          Panel{scratch, depth, k == 0});
        }
    }
}

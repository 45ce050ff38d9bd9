#pragma once

#include <algorithm>
#include <type_traits>

#include "buffer.h"
#include "vector.h"

// Matrix products c += a b, with a read in place (or packed by rows, see weightGradients.h) and b packed in panels. Every
// element is one sum in the order of the depth, in any tile: the distribution of rows and columns over threads does not change the result.

namespace onda {

/** Registers of b side by side in a panel. */
constexpr int kPanelVectors = 2;
constexpr Index kPanelColumns = kPanelVectors * kLanes;

/** Rows of a tile: its sums, one row of the panel and a broadcast must fit into the registers (32 with AVX-512, else 16). */
#if defined(__AVX512F__)
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;
#endif

/** Copies `columns` columns, one panel's worth at most, row after row; columns missing to a whole register are zeros. */
inline void packPanel(const float* from, Index rowStride, Index depth, Index columns, float* to) {
  for (Index row = 0; row < depth; row++, from += rowStride)
    for (Index at = 0; at < columns; at += kLanes, to += kLanes)
      store(to, columns - at >= kLanes ? load(from + at) : load(from + at, SomeLanes{columns - at}));
}

/** The same for a matrix that is read along its columns, which are `columnStride` apart. */
inline void packPanelOfTranspose(const float* from, Index columnStride, Index depth, Index columns, float* to) {
  const Index width = columns > kLanes ? kPanelColumns : kLanes;
  // Rows that stay in the L1 cache until all their columns are written.
  constexpr Index kRows = 64;
  for (Index first = 0; first < depth; first += kRows)
    for (Index column = 0; column < width; column++)
      for (Index row = first; row < std::min(depth, first + kRows); row++)
        to[row * width + column] = column < columns ? from[column * columnStride + row] : 0.0f;
}

/**
 * A matrix [depth, columns] cut into panels of two registers' columns (one in the last, if that is enough), each stored row after row:
 * a product reads memory in one stream.
 */
class Panels {
 public:
  /** Empty. */
  Panels() = default;

  /** A packed copy of a matrix whose element (row, column) is at `from[row * rowStride + column * columnStride]`; one stride is 1. */
  Panels(const float* from, Index rowStride, Index columnStride, Index depth, Index columns)
      : depth_(depth), columns_(columns), data_(depth * ((columns + kLanes - 1) / kLanes) * kLanes) {
    if (!data_.ok()) return;
    for (Index column = 0; column < columns; column += kPanelColumns) {
      const Index width = std::min(kPanelColumns, columns - column);
      float* to = data_.get() + column * depth;
      if (columnStride == 1) packPanel(from + column, rowStride, depth, width, to);
      else packPanelOfTranspose(from + column * columnStride, columnStride, depth, width, to);
    }
  }

  /** False without enough memory. */
  bool ok() const { return data_.ok(); }
  Index depth() const { return depth_; }
  Index columns() const { return columns_; }
  /** The panel that starts at this column. */
  const float* panel(Index column) const { return data_.get() + column * depth_; }

 private:
  Index depth_ = 0;
  Index columns_ = 0;
  Buffer data_;
};

/** Where a tile finds the element of a: rows `stride` apart and the terms of the sums side by side ... */
struct RowsApart {
  Index stride;
  template <int Rows>
  const float* at(const float* a, int row, Index term) const {
    return a + row * stride + term;
  }
};
/** ... or the tile's rows side by side, for one term after another ... */
struct RowsPacked {
  template <int Rows>
  const float* at(const float* a, int row, Index term) const {
    return a + term * Rows + row;
  }
};
/** ... or the same with terms `stride` apart. */
struct TermsApart {
  Index stride;
  template <int Rows>
  const float* at(const float* a, int row, Index term) const {
    return a + term * stride + row;
  }
};

/** The sums of one tile: c += a b, for `Rows` rows of a and a panel of `Vectors` registers. `row(r)` is where row r of c begins. */
template <int Rows, int Vectors, class Layout, class RowOf, class LastLanes>
inline void addTile(const float* a, Layout layout, const float* panel, Index depth, RowOf&& rowOf, LastLanes last) {
  Vector sums[Rows][Vectors];
#pragma GCC unroll 12
  for (int row = 0; row < Rows; row++) {
    const float* c = rowOf(row);
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++)
      sums[row][v] = v + 1 < Vectors ? load(c + v * kLanes) : load(c + v * kLanes, last);
  }
  for (Index term = 0; term < depth; term++) {
    Vector b[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) b[v] = load(panel + (term * Vectors + v) * kLanes);
#pragma GCC unroll 12
    for (int row = 0; row < Rows; row++) {
      const Vector value = broadcast(*layout.template at<Rows>(a, row, term));
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; v++) sums[row][v] += value * b[v];
    }
  }
#pragma GCC unroll 12
  for (int row = 0; row < Rows; row++) {
    float* c = rowOf(row);
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) {
      if (v + 1 < Vectors) store(c + v * kLanes, sums[row][v]);
      else store(c + v * kLanes, sums[row][v], last);
    }
  }
}

/** Picks the tile's width: `columns` of its panel are there, 32 at most. */
template <int Rows, class Layout, class RowOf>
inline void addTileOfColumns(const float* a, Layout layout, const float* panel, Index depth, Index columns, RowOf&& rowOf) {
  if (columns == kPanelColumns) addTile<Rows, 2>(a, layout, panel, depth, rowOf, AllLanes{});
  else if (columns > kLanes) addTile<Rows, 2>(a, layout, panel, depth, rowOf, SomeLanes{columns - kLanes});
  else if (columns == kLanes) addTile<Rows, 1>(a, layout, panel, depth, rowOf, AllLanes{});
  else addTile<Rows, 1>(a, layout, panel, depth, rowOf, SomeLanes{columns});
}

/** Calls `work(std::integral_constant<int, rows>)`; `rows` is 1 to kTileRows. */
template <int Rows = kTileRows, class Work>
inline void withTileRows(int rows, Work&& work) {
  if constexpr (Rows > 1) {
    if (rows < Rows) return withTileRows<Rows - 1>(rows, work);
  }
  work(std::integral_constant<int, Rows>{});
}

/** Tiles that `rows` rows are cut into, as equal as can be: a last tile of one row would cost as much as one of eight. */
inline Index tileCount(Index rows) { return (rows + kTileRows - 1) / kTileRows; }
inline Index tileStart(Index tile, Index rows) { return tile * rows / tileCount(rows); }

/** Adds a product to c: rows [rows, columns of b], `cStride` apart. */
inline void addProduct(Index rows, const float* a, Index aStride, const Panels& b, float* c, Index cStride) {
  const Index tiles = tileCount(rows);
  for (Index column = 0; column < b.columns(); column += kPanelColumns) {
    const Index columns = std::min(kPanelColumns, b.columns() - column);
    for (Index tile = 0; tile < tiles; tile++) {
      const Index first = tileStart(tile, rows);
      withTileRows(static_cast<int>(tileStart(tile + 1, rows) - first), [&](auto tileRows) {
        addTileOfColumns<tileRows>(a + first * aStride, RowsApart{aStride}, b.panel(column), b.depth(), columns,
                                   [&](int row) { return c + (first + row) * cStride + column; });
      });
    }
  }
}

}  // namespace onda

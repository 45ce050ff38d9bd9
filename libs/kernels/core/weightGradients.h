#pragma once

#include <algorithm>

#include "cell.h"

namespace onda {

/** The gates' gradients of some steps that follow each other: [steps, batch, stride]. */
struct GateGradients {
  const float* values;
  Index stride;
  Index firstStep;
  Index steps;
};

/** Where a sample's values of a product's source begin. */
inline const float* sourceAt(const GradientProduct& product, const Sequence& s, const BackwardInputs& in, Index step,
                             Index row) {
  const Sizes& n = s.sizes;
  switch (product.source) {
    case GradientSource::kStates:
      return step == 0 ? s.h0 + row * n.units : in.y + s.at(row, step - 1, n.units);
    case GradientSource::kInputs:
      return s.x + s.at(row, step, n.features);
    case GradientSource::kReserve:
      return in.reserve + (step * n.batch + row) * 4 * n.units + product.sourceStart;
  }
  return nullptr;
}

/**
 * Adds the share of these samples to one weight gradient, for columns `first` to `end` of it. The samples are taken in blocks that
 * stay in the second-level cache; their order, and so the sums, is the same however the columns are shared out.
 *
 * @returns false if memory is exhausted
 */
inline bool addWeightGradients(const GradientProduct& product, const Sequence& s, const BackwardInputs& in,
                               const GateGradients& gates, Index first, Index end) {
  constexpr Index kBlock = 256;
  const Index batch = s.sizes.batch;
  const Index samples = gates.steps * batch;
  const Index depth = std::min(kBlock, samples);
  // A bias is a weight whose input is 1.
  const Index rows = product.sourceCount + (product.dBias == nullptr ? 0 : 1);
  const Index tiles = tileCount(rows);
  const Buffer sources(depth * rows);
  const Buffer panelRoom(depth * kPanelColumns);
  const BufferOf<const float*> from(depth);
  const BufferOf<float*> to(rows);
  if (!sources.ok() || !panelRoom.ok() || !from.ok() || !to.ok()) return false;
  for (Index row = 0; row < product.sourceCount; row++) to[row] = product.dWeights + row * product.stride;
  if (product.dBias != nullptr) to[rows - 1] = product.dBias;

  for (Index start = 0; start < samples; start += depth) {
    const Index count = std::min(depth, samples - start);
    for (Index k = 0; k < count; k++)
      from[k] = sourceAt(product, s, in, gates.firstStep + (start + k) / batch, (start + k) % batch);
    for (Index tile = 0; tile < tiles; tile++) {
      const Index row = tileStart(tile, rows);
      const Index tileRows = tileStart(tile + 1, rows) - row;
      const Index copied = std::min(tileRows, product.sourceCount - row);
      float* packed = sources.get() + row * count;
      for (Index k = 0; k < count; k++, packed += tileRows) {
        for (Index r = 0; r < copied; r++) packed[r] = from[k][row + r];
        if (copied < tileRows) packed[copied] = 1.0f;
      }
    }
    for (Index column = first; column < end; column += kPanelColumns) {
      const Index columns = std::min(kPanelColumns, end - column);
      packPanel(gates.values + start * gates.stride + product.firstColumn + column, gates.stride, count, columns,
                panelRoom.get());
      for (Index tile = 0; tile < tiles; tile++) {
        const Index row = tileStart(tile, rows);
        withTileRows(static_cast<int>(tileStart(tile + 1, rows) - row), [&](auto tileRows) {
          addTileOfColumns<tileRows>(sources.get() + row * count, RowsPacked{}, panelRoom.get(), count, columns,
                                     [&](int r) { return to[row + r] + column; });
        });
      }
    }
  }
  return true;
}

}  // namespace onda

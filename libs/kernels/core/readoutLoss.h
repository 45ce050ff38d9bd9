#pragma once

#include <algorithm>
#include <atomic>

#include "losses.h"
#include "parallel.h"
#include "product.h"

namespace onda {

/** The linear read-out of every sample's h and its loss; inputs and outputs are specified in libs/kernels/src/readoutLossOp.ts. */
struct ReadoutLoss {
  Loss loss;
  /** batch * time */
  Index samples;
  Index units;
  Index outputs;
  const float* hidden;
  const float* kernel;
  const float* bias;
  const float* target;
  float* lossValue;
  float* prediction;
  /** Null when the gradients are not wanted. */
  float* dHidden;
  float* dKernel;
  float* dBias;

  /** Of the prediction. */
  Index columns() const { return loss.blocks() * outputs; }
  /** What the loss is divided by. */
  double count() const { return static_cast<double>(samples * outputs * loss.terms()); }
};

/** Samples that are added up by themselves. Not of the number of threads: the pieces decide the order of the sums. */
inline Index samplesOfPiece(Index samples) {
  constexpr Index kSmallest = 1024;
  constexpr Index kPieces = 32;
  return std::max(kSmallest, (samples + kPieces - 1) / kPieces);
}

/**
 * The weights' gradients of some samples.
 *
 * @param gradient of the loss with respect to the prediction, [count, columns]
 * @param sums     [columns, units], the transposed dKernel: h already has the layout of a product's right side, and columns are few; then
 *                 [columns], dBias. The gradients are added to the present values.
 * @returns false if memory is exhausted
 */
inline bool addReadoutGradients(const ReadoutLoss& r, const float* hidden, const float* gradient, Index count, float* sums) {
  const Buffer panel(count * kPanelColumns);
  if (!panel.ok()) return false;
  const Index columns = r.columns();
  float* dBias = sums + r.units * columns;
  for (Index at = 0; at < count; at++)
    for (Index column = 0; column < columns; column++) dBias[column] += gradient[at * columns + column];
  for (Index unit = 0; unit < r.units; unit += kPanelColumns) {
    const Index width = std::min(kPanelColumns, r.units - unit);
    packPanel(hidden + unit, r.units, count, width, panel.get());
    for (Index tile = 0; tile < tileCount(columns); tile++) {
      const Index first = tileStart(tile, columns);
      withTileRows(static_cast<int>(tileStart(tile + 1, columns) - first), [&](auto rows) {
        addTileOfColumns<rows>(gradient + first, TermsApart{columns}, panel.get(), count, width,
                               [&](int row) { return sums + (first + row) * r.units + unit; });
      });
    }
  }
  return true;
}

/** @returns false, with unspecified results, if memory is exhausted */
[[nodiscard]] inline bool runReadoutLoss(const ReadoutLoss& r, const Parallel& parallel) {
  const Index columns = r.columns();
  const Index size = samplesOfPiece(r.samples);
  const Index pieces = (r.samples + size - 1) / size;
  const bool gradients = r.dHidden != nullptr;
  const Index sumsSize = gradients ? (r.units + 1) * columns : 0;
  const Panels kernel(r.kernel, columns, 1, r.units, columns);
  const Panels transposed(r.kernel, 1, columns, columns, gradients ? r.units : 0);
  const Buffer gradient(r.samples * columns);
  const Buffer sums(pieces * sumsSize);
  const BufferOf<double> losses(pieces);
  if (!kernel.ok() || !transposed.ok() || !gradient.ok() || !sums.ok() || !losses.ok()) return false;
  std::atomic<bool> enough{true};
  std::memset(sums.get(), 0, pieces * sumsSize * sizeof(float));
  const float scale = static_cast<float>(1 / r.count());

  const auto runPiece = [&](Index piece) {
    const Index first = piece * size;
    const Index count = std::min(size, r.samples - first);
    const float* hidden = r.hidden + first * r.units;
    float* prediction = r.prediction + first * columns;
    float* d = gradient.get() + first * columns;
    for (Index at = 0; at < count; at++) std::memcpy(prediction + at * columns, r.bias, columns * sizeof(float));
    addProduct(count, hidden, r.units, kernel, prediction, columns);
    losses[piece] = addLosses(r.loss, {count, r.outputs, prediction, r.target + first * r.outputs, d});
    if (!gradients) return;
    forLanes(count * columns, [&](Index at, auto lanes) { store(d + at, load(d + at, lanes) * scale, lanes); });
    float* dHidden = r.dHidden + first * r.units;
    std::memset(dHidden, 0, count * r.units * sizeof(float));
    addProduct(count, d, columns, transposed, dHidden, r.units);
    if (!addReadoutGradients(r, hidden, d, count, sums.get() + piece * sumsSize)) enough = false;
  };
  const Index shares = std::min(parallel.threads(), pieces);
  parallel.run(shares, [&](Index share) {
    for (Index piece = share * pieces / shares; piece < (share + 1) * pieces / shares; piece++) runPiece(piece);
  });

  double loss = 0;
  for (Index piece = 0; piece < pieces; piece++) loss += losses[piece];
  *r.lossValue = static_cast<float>(loss / r.count());
  if (!gradients) return true;
  float* total = sums.get();
  for (Index piece = 1; piece < pieces; piece++)
    forLanes(sumsSize, [&](Index at, auto lanes) {
      store(total + at, load(total + at, lanes) + load(total + piece * sumsSize + at, lanes), lanes);
    });
  for (Index unit = 0; unit < r.units; unit++)
    for (Index column = 0; column < columns; column++) r.dKernel[unit * columns + column] = total[column * r.units + unit];
  std::memcpy(r.dBias, total + r.units * columns, columns * sizeof(float));
  return enough;
}

}  // namespace onda

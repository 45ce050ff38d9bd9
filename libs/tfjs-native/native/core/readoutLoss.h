#pragma once

#include <algorithm>
#include <vector>

#include "optimizer.h"
#include "parallel.h"
#include "product.h"

namespace onda {

/** The linear read-out of every sample's h, its mean squared error, and what each input contributes to it. */
struct ReadoutLoss {
  /** batch * time */
  Index samples;
  Index units;
  Index outputs;
  /** [samples, units], [units, outputs], [outputs], [samples, outputs] */
  const float* states;
  const float* kernel;
  const float* bias;
  const float* target;
  /** [1], then of the shapes of the target, states, kernel and bias. */
  float* loss;
  float* prediction;
  float* dStates;
  float* dKernel;
  float* dBias;
};

/** Samples that are added up by themselves. Not of the number of threads: the pieces decide the order of the sums. */
inline Index samplesOfPiece(Index samples) {
  constexpr Index kSmallest = 1024;
  constexpr Index kPieces = 32;
  return std::max(kSmallest, (samples + kPieces - 1) / kPieces);
}

/**
 * One piece: all but the sums over the pieces.
 *
 * @param dPrediction room for [count, outputs]
 * @param sums        [units * outputs] transposed, then [outputs]: the piece's share of dKernel and dBias; zeros
 * @returns the sum of the squares
 */
inline double runPiece(const ReadoutLoss& r, const Panels& kernel, const Panels& transposed, Index first, Index count,
                       float* dPrediction, float* sums) {
  const Index outputs = r.outputs;
  const float* states = r.states + first * r.units;
  float* prediction = r.prediction + first * outputs;
  for (Index at = 0; at < count; at++) std::memcpy(prediction + at * outputs, r.bias, outputs * sizeof(float));
  addProduct(count, states, r.units, kernel, prediction, outputs);
  const float* target = r.target + first * outputs;
  forLanes(count * outputs, [&](Index at, auto lanes) {
    store(dPrediction + at, load(prediction + at, lanes) - load(target + at, lanes), lanes);
  });
  const double squares = sumOfSquares(dPrediction, count * outputs);
  const float scale = static_cast<float>(2.0 / static_cast<double>(r.samples * outputs));
  forLanes(count * outputs, [&](Index at, auto lanes) { store(dPrediction + at, load(dPrediction + at, lanes) * scale, lanes); });

  float* dStates = r.dStates + first * r.units;
  std::memset(dStates, 0, count * r.units * sizeof(float));
  addProduct(count, dPrediction, outputs, transposed, dStates, r.units);

  // dKernel is summed transposed: the states lie as a product's right side wants them, and outputs are few.
  float* dBias = sums + r.units * outputs;
  for (Index at = 0; at < count; at++)
    for (Index o = 0; o < outputs; o++) dBias[o] += dPrediction[at * outputs + o];
  const Buffer panel(count * kPanelColumns);
  for (Index column = 0; column < r.units; column += kPanelColumns) {
    const Index columns = std::min(kPanelColumns, r.units - column);
    packPanel(states + column, r.units, count, columns, panel.get());
    for (Index tile = 0; tile < tileCount(outputs); tile++) {
      const Index o = tileStart(tile, outputs);
      withTileRows(static_cast<int>(tileStart(tile + 1, outputs) - o), [&](auto rows) {
        addTileOfColumns<rows>(dPrediction + o, TermsApart{outputs}, panel.get(), count, columns,
                               [&](int row) { return sums + (o + row) * r.units + column; });
      });
    }
  }
  return squares;
}

inline void runReadoutLoss(const ReadoutLoss& r, const Parallel& parallel) {
  const Index size = samplesOfPiece(r.samples);
  const Index pieces = (r.samples + size - 1) / size;
  const Index sumsSize = (r.units + 1) * r.outputs;
  const Panels kernel(r.kernel, r.outputs, 1, r.units, r.outputs);
  const Panels transposed(r.kernel, 1, r.outputs, r.outputs, r.units);
  const Buffer dPrediction(r.samples * r.outputs);
  const Buffer sums(pieces * sumsSize);
  std::vector<double> squares(pieces);
  std::memset(sums.get(), 0, pieces * sumsSize * sizeof(float));
  const Index shares = std::min(parallel.threads(), pieces);
  parallel.run(shares, [&](Index share) {
    for (Index piece = share * pieces / shares; piece < (share + 1) * pieces / shares; piece++) {
      const Index first = piece * size;
      squares[piece] = runPiece(r, kernel, transposed, first, std::min(size, r.samples - first),
                                dPrediction.get() + first * r.outputs, sums.get() + piece * sumsSize);
    }
  });
  double loss = 0;
  for (const double square : squares) loss += square;
  *r.loss = static_cast<float>(loss / static_cast<double>(r.samples * r.outputs));
  float* total = sums.get();
  for (Index piece = 1; piece < pieces; piece++)
    forLanes(sumsSize, [&](Index at, auto lanes) {
      store(total + at, load(total + at, lanes) + load(total + piece * sumsSize + at, lanes), lanes);
    });
  for (Index u = 0; u < r.units; u++)
    for (Index o = 0; o < r.outputs; o++) r.dKernel[u * r.outputs + o] = total[o * r.units + u];
  std::memcpy(r.dBias, total + r.units * r.outputs, r.outputs * sizeof(float));
}

}  // namespace onda

#pragma once

#include <algorithm>
#include <atomic>

#include "cell.h"
#include "forward.h"
#include "parallel.h"
#include "sequence.h"
#include "weightGradients.h"

namespace onda {

/** dx of some steps for a share of the batch. */
inline void addInputGradients(const InputProducts& products, const Sequence& s, const GateGradients& gates,
                              Share share, float* dx) {
  const Index features = s.sizes.features;
  const Index rowStride = s.sizes.batch * gates.stride;
  const Index next = s.options.reverse ? -features : features;
  for (Index row = share.first; row < share.first + share.count; row++) {
    float* to = dx + s.at(row, gates.firstStep, features);
    for (Index step = 0; step < gates.steps; step++) std::memset(to + step * next, 0, features * sizeof(float));
    for (const InputProduct& product : products)
      addProduct(gates.steps, gates.values + row * gates.stride + product.firstColumn, rowStride, product.weights, to, next);
  }
}

/**
 * A whole sequence back through time, in blocks of samples whose gates' gradients stay in the cache. In a block each thread first takes
 * its share of the batch through the samples, then its share of the columns of the weight gradients, which are one matrix product
 * over all samples of the block.
 *
 * @returns false, with unspecified results, if memory is exhausted
 */
template <class Cell>
[[nodiscard]] bool runBackward(const Sequence& s, const BackwardInputs& in, const BackwardResults& out, const Parallel& parallel) {
  const typename Cell::Backward cell(s);
  if (!cell.ok()) return false;
  const Sizes& n = s.sizes;
  const Index columns = cell.gateColumns();
  const Index states = n.batch * n.units;
  const Index weightColumns = Cell::kGates * n.units;
  const GradientProducts products = cell.products(s, out);
  InputProducts inputProducts;
  if (out.dx != nullptr) inputProducts = cell.inputProducts(s);
  for (const InputProduct& product : inputProducts)
    if (!product.weights.ok()) return false;
  std::memset(out.dKernel, 0, n.features * weightColumns * sizeof(float));
  std::memset(out.dRecurrentKernel, 0, n.units * weightColumns * sizeof(float));
  std::memset(out.dBias, 0, weightColumns * sizeof(float));
  std::memset(out.dRecurrentBias, 0, weightColumns * sizeof(float));
  std::memcpy(out.dh0, in.dh, states * sizeof(float));
  if (out.dc0 != nullptr) std::memcpy(out.dc0, in.dc, states * sizeof(float));

  // Independent of the number of threads: the blocks determine the order of the sums.
  const Index block = samplesAtOnce(n.time, n.batch * columns);
  const Buffer dGates(block * n.batch * columns);
  const Buffer spare(states);
  if (!dGates.ok() || !spare.ok()) return false;
  std::atomic<bool> enough{true};
  const Index rowShares = sharesOf(n, columns, parallel);
  const bool shareColumns = 1.0 * n.batch * n.time * (n.units + n.features) * columns >= kWorthSharing;
  const Index columnShares = shareColumns ? parallel.threads() : 1;

  for (Index end = n.time; end > 0; end -= std::min(block, end)) {
    const Index first = std::max<Index>(end - block, 0);
    const GateGradients gates{dGates.get(), columns, first, end - first};
    parallel.run(rowShares, [&](Index index) {
      const Share share = shareOf(index, rowShares, n.batch);
      const Index at = share.first * n.units;
      float* dcLater = out.dc0 == nullptr ? nullptr : out.dc0 + at;
      for (Index step = end - 1; step >= first; step--) {
        float* now = dGates.get() + ((step - first) * n.batch + share.first) * columns;
        cell.step(s, in, step, share, {now, out.dh0 + at, dcLater, spare.get() + at});
      }
      if (out.dx != nullptr) addInputGradients(inputProducts, s, gates, share, out.dx);
    });
    parallel.run(columnShares, [&](Index index) {
      for (const GradientProduct& product : products) {
        const Index vectors = (product.columns + kLanes - 1) / kLanes;
        const Share share = shareOf(index, columnShares, vectors);
        const Index from = share.first * kLanes;
        const Index to = std::min(product.columns, from + share.count * kLanes);
        if (from < to && !addWeightGradients(product, s, in, gates, from, to)) enough = false;
      }
    });
  }
  cell.finish(out);
  return enough;
}

}  // namespace onda

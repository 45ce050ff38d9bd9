#pragma once

#include <algorithm>
#include <atomic>

#include "cell.h"
#include "parallel.h"
#include "sequence.h"

namespace onda {

/** Multiplications that are worth waking another thread for: some 20 microseconds of one core's work. */
constexpr double kWorthSharing = 2e6;

/** Threads among which a sequence's rows are shared out. */
inline Index sharesOf(const Sizes& sizes, Index columns, const Parallel& parallel) {
  const double work = 1.0 * sizes.batch * sizes.time * (sizes.units + sizes.features) * columns;
  if (work < kWorthSharing) return 1;
  return std::min(parallel.threads(), sizes.batch);
}

/** Samples whose sums fill about half of a second-level cache together. */
inline Index samplesAtOnce(Index time, Index valuesPerSample) {
  constexpr Index kValues = 256 * 1024;
  return std::clamp<Index>(kValues / valuesPerSample, 1, time);
}

/**
 * A whole sequence. Each thread takes its share of the batch through it without waiting for the others. What x adds to the sums is
 * one matrix product for many samples; only the recurrent product is stepped.
 *
 * @returns false, with unspecified results, if memory is exhausted
 */
template <class Cell>
[[nodiscard]] bool runForward(const Sequence& s, const ForwardResults& out, const Parallel& parallel) {
  const typename Cell::Forward cell(s);
  const Sizes& n = s.sizes;
  const Panels kernel(s.kernel, Cell::kGates * n.units, 1, n.features, Cell::kGates * n.units);
  if (!cell.ok() || !kernel.ok()) return false;
  const Index columns = cell.sumColumns();
  std::atomic<bool> enough{true};
  const Index shares = sharesOf(n, columns, parallel);
  parallel.run(shares, [&](Index index) {
    const Share share = shareOf(index, shares, n.batch);
    const Index states = share.count * n.units;
    const Index block = samplesAtOnce(n.time, share.count * columns);
    const Buffer sums(block * share.count * columns);
    const Buffer room(3 * states);
    if (!sums.ok() || !room.ok()) {
      enough = false;
      return;
    }
    float* before = room.get();
    float* now = before + states;
    float* c = now + states;
    std::memcpy(before, s.h0 + share.first * n.units, states * sizeof(float));
    if (s.c0 != nullptr) std::memcpy(c, s.c0 + share.first * n.units, states * sizeof(float));
    for (Index step = 0; step < n.time; step++) {
      const Index inBlock = step % block;
      if (inBlock == 0) addInputs(cell, s, kernel, share, step, std::min(block, n.time - step), sums.get());
      float* reserve = nullptr;
      if (out.reserve != nullptr)
        reserve = out.reserve + (step * n.batch + share.first) * Cell::kReserveBlocks * n.units;
      cell.step({share.count, sums.get() + inBlock * share.count * columns, before, now, c, reserve});
      for (Index row = 0; row < share.count; row++)
        std::memcpy(out.y + s.at(share.first + row, step, n.units), now + row * n.units, n.units * sizeof(float));
      std::swap(before, now);
    }
    std::memcpy(out.h + share.first * n.units, before, states * sizeof(float));
    if (out.c != nullptr) std::memcpy(out.c + share.first * n.units, c, states * sizeof(float));
  });
  return enough;
}

/** Fills the sums of `count` samples, [sample, row, columns], with the biases and the product of x. */
template <class Forward>
void addInputs(const Forward& cell, const Sequence& s, const Panels& kernel, Share share, Index step, Index count, float* sums) {
  const Index columns = cell.sumColumns();
  const Index features = s.sizes.features;
  cell.startSums(s, sums);
  for (Index at = 1; at < count * share.count; at++) std::memcpy(sums + at * columns, sums, columns * sizeof(float));
  if (count == 1) {
    const float* x = s.x + s.at(share.first, step, features);
    addProduct(share.count, x, s.sizes.time * features, kernel, sums, columns);
    return;
  }
  const Index next = s.options.reverse ? -features : features;
  for (Index row = 0; row < share.count; row++) {
    const float* x = s.x + s.at(share.first + row, step, features);
    addProduct(count, x, next, kernel, sums + row * columns, share.count * columns);
  }
}

}  // namespace onda

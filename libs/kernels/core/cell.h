#pragma once

#include "buffer.h"
#include "product.h"
#include "sequence.h"

// Common parts of the cells. A cell is a class with three constants and two classes: Forward and Backward. Both pack the weights
// in their constructor and are `ok()` if there was enough memory; `step` processes some rows of the batch for one sample.

namespace onda {

/** Rows of the batch at one sample, forward. Each tensor holds one row after the other. */
struct ForwardRows {
  Index count;
  /** What the gates add up: the share of x and the biases are in it, the recurrent product is not. */
  float* sums;
  const float* hBefore;
  float* h;
  /** Of the lstm: that of the sample before, then that of this one. */
  float* c;
  /** Null outside of training. */
  float* reserve;
};

/** Rows of the batch at one sample, backward. */
struct BackwardRows {
  /** Gradients of the sums inside the gates. */
  float* dGates;
  /** What reaches h and c from later samples, then from this one. */
  float* dhLater;
  float* dcLater;
  /** Room for as many values as dhLater has. */
  float* spare;
};

/** What is multiplied with the gradients of the gates to give a weight gradient. */
enum class GradientSource { kStates, kInputs, kReserve };

/** dWeights += source^T dGates, over all samples; and dBias += the sums of the columns. */
struct GradientProduct {
  GradientSource source;
  /** Values of the source for each sample, and where they start in it. */
  Index sourceCount;
  Index sourceStart;
  /** Columns of dGates. */
  Index firstColumn;
  Index columns;
  /** Element (0, 0) of the weights' gradient, and how far its rows are apart. */
  float* dWeights;
  Index stride;
  /** Null where another product has it. */
  float* dBias;
};

/** dx += dGates (from a column on) times these weights. */
struct InputProduct {
  Index firstColumn;
  Panels weights;
};

using GradientProducts = FixedList<GradientProduct, 4>;
using InputProducts = FixedList<InputProduct, 2>;

/** Both biases of every gate. */
inline void addBiases(const Sequence& s, Index columns, float* sums) {
  forLanes(columns, [&](Index at, auto lanes) {
    store(sums + at, load(s.bias + at, lanes) + load(s.recurrentBias + at, lanes), lanes);
  });
}

/** For cells whose two products see the same gradients. */
inline GradientProducts plainProducts(const Sequence& s, const BackwardResults& out, Index columns) {
  GradientProducts products;
  products.add({GradientSource::kStates, s.sizes.units, 0, 0, columns, out.dRecurrentKernel, columns, nullptr});
  products.add({GradientSource::kInputs, s.sizes.features, 0, 0, columns, out.dKernel, columns, out.dBias});
  return products;
}

}  // namespace onda

#pragma once

#include "vector.h"

namespace onda {

struct Sizes {
  Index batch;
  Index time;
  Index features;
  Index units;
};

struct Options {
  /** Of the rnn cell: relu instead of tanh. */
  bool relu = false;
  /** Of the gru cell: the reset gate applies after the recurrent product. */
  bool resetAfter = true;
  /** The sequence is processed from its end. */
  bool reverse = false;
  /** Forward: fill the reserve. */
  bool training = false;
  /** Backward: fill dx. */
  bool inputGradient = true;
};

/** The inputs of one layer for a sequence; shapes and gate order as in libs/kernels/src/recurrentOp.ts. */
struct Sequence {
  Sizes sizes;
  Options options;
  const float* x;
  const float* kernel;
  const float* recurrentKernel;
  const float* bias;
  const float* recurrentBias;
  const float* h0;
  /** Of the lstm. */
  const float* c0;

  /** The index of the sample that step `step` processes. */
  Index sampleAt(Index step) const { return options.reverse ? sizes.time - 1 - step : step; }
  /** Where a sample's values begin in a tensor [batch, time, width]. */
  Index at(Index row, Index step, Index width) const { return (row * sizes.time + sampleAt(step)) * width; }
};

struct ForwardResults {
  float* y;
  float* h;
  /** Of the lstm. */
  float* c;
  /** Null outside of training. Its layout is internal: [time, batch, blocks * units], samples in processing order. */
  float* reserve;
};

struct BackwardInputs {
  const float* y;
  const float* reserve;
  const float* dy;
  const float* dh;
  /** Of the lstm. */
  const float* dc;
};

struct BackwardResults {
  /** Null when it is not wanted. */
  float* dx;
  float* dKernel;
  float* dRecurrentKernel;
  float* dBias;
  float* dRecurrentBias;
  float* dh0;
  /** Of the lstm. */
  float* dc0;
};

/** Rows of the batch that one thread takes through the whole sequence. */
struct Share {
  Index first;
  Index count;
};

inline Share shareOf(Index index, Index shares, Index rows) {
  const Index first = index * rows / shares;
  return {first, (index + 1) * rows / shares - first};
}

}  // namespace onda

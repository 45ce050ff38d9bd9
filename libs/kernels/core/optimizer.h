#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "buffer.h"
#include "parallel.h"
#include "vector.h"

// One step of an optimizer over all variables; formulas and the order of the slots in libs/kernels/src/optimizerOp.ts.

namespace onda {

enum class OptimizerKind { kAdam, kAdamW, kRmsprop, kSgd };

inline Index slotCountOf(OptimizerKind kind) {
  return kind == OptimizerKind::kAdam || kind == OptimizerKind::kAdamW ? 2 : 1;
}

/** What a step's formula multiplies with; a kind reads its own. */
struct OptimizerFactors {
  /** Adam: learningRate / (1 - beta1^t); else learningRate. */
  float stepSize;
  /** Decay of the first moment and of the second (rmsprop's mean square), and 1 minus each. */
  float beta1Rest;
  float beta2;
  float beta2Rest;
  /** Adam: sqrt(1 - beta2^t). */
  float secondRoot;
  float epsilon;
  /** Sgd: 0 at step 1. */
  float momentum;
  /** What is added to the gradient for each unit of weight. */
  float decay;
  /** Adamw: 1 - learningRate weightDecay. */
  float shrink;
  /** 0: no clipping. */
  float clipNorm;
};

struct OptimizerVariable {
  Index size;
  const float* value;
  const float* gradient;
  float* newValue;
  /** Where its values start in each slot. */
  Index offset;
};

/** A piece of a variable, small enough to be shared out. */
struct OptimizerPiece {
  const OptimizerVariable* variable;
  Index first;
  Index count;
};

constexpr Index kOptimizerPiece = 16 * 1024;

/** The variables of a net. */
struct OptimizerVariables {
  const OptimizerVariable* items;
  Index count;

  Index pieceCount() const {
    Index pieces = 0;
    for (Index at = 0; at < count; at++) pieces += (items[at].size + kOptimizerPiece - 1) / kOptimizerPiece;
    return pieces;
  }
};

/** The pieces do not depend on the number of threads, so neither does the norm. */
inline void fillPieces(const OptimizerVariables& variables, OptimizerPiece* pieces) {
  for (Index at = 0; at < variables.count; at++) {
    const OptimizerVariable& variable = variables.items[at];
    for (Index first = 0; first < variable.size; first += kOptimizerPiece)
      *pieces++ = {&variable, first, std::min(kOptimizerPiece, variable.size - first)};
  }
}

inline double sumOfSquares(const float* values, Index count) {
  DoubleVector sums{};
  forLanes(count, [&](Index at, auto lanes) {
    const DoubleVector value = __builtin_convertvector(load(values + at, lanes), DoubleVector);
    sums += value * value;
  });
  double sum = 0;
  for (Index lane = 0; lane < kLanes; lane++) sum += sums[lane];
  return sum;
}

/** Moves `count` weights. `scale` is that of the clipping; `first` and `second` are slots, `second` of adam alone. */
template <OptimizerKind Kind>
inline void moveWeights(const OptimizerFactors& f, float scale, Index count, const float* value, const float* gradient,
                        const float* first, const float* second, float* newValue, float* newFirst, float* newSecond) {
  forLanes(count, [&](Index at, auto lanes) {
    Vector weight = load(value + at, lanes);
    Vector g = load(gradient + at, lanes) * scale;
    if (Kind == OptimizerKind::kAdamW) weight = weight * f.shrink;
    else g = g + weight * f.decay;
    const Vector slot = load(first + at, lanes);
    if constexpr (Kind == OptimizerKind::kAdam || Kind == OptimizerKind::kAdamW) {
      const Vector m = slot + (g - slot) * f.beta1Rest;
      const Vector v = load(second + at, lanes) * f.beta2 + g * g * f.beta2Rest;
      store(newFirst + at, m, lanes);
      store(newSecond + at, v, lanes);
      store(newValue + at, weight - m * f.stepSize / (sqrtOf(v) / f.secondRoot + f.epsilon), lanes);
    } else if constexpr (Kind == OptimizerKind::kRmsprop) {
      const Vector v = slot * f.beta2 + g * g * f.beta2Rest;
      store(newFirst + at, v, lanes);
      store(newValue + at, weight - g * f.stepSize / (sqrtOf(v) + f.epsilon), lanes);
    } else {
      const Vector b = slot * f.momentum + g;
      store(newFirst + at, b, lanes);
      store(newValue + at, weight - b * f.stepSize, lanes);
    }
  });
}

/** Calls `work` with the kind as a constant. */
template <class Work>
inline bool withOptimizer(OptimizerKind kind, Work&& work) {
  switch (kind) {
    case OptimizerKind::kAdam:
      return work(std::integral_constant<OptimizerKind, OptimizerKind::kAdam>());
    case OptimizerKind::kAdamW:
      return work(std::integral_constant<OptimizerKind, OptimizerKind::kAdamW>());
    case OptimizerKind::kRmsprop:
      return work(std::integral_constant<OptimizerKind, OptimizerKind::kRmsprop>());
    case OptimizerKind::kSgd:
      return work(std::integral_constant<OptimizerKind, OptimizerKind::kSgd>());
  }
  return false;
}

/** As torch.nn.utils.clip_grad_norm_: what the gradients are multiplied with. */
inline float clipScale(const double* squares, Index count, float clipNorm) {
  double sum = 0;
  for (Index at = 0; at < count; at++) sum += squares[at];
  const float scale = static_cast<float>(clipNorm / (std::sqrt(sum) + 1e-6));
  return scale > 1.0f ? 1.0f : scale;
}

/**
 * @param slots    [slots, total] before the step
 * @param newSlots the same after it
 * @param total    values of all variables together
 * @returns false, with unspecified results, if memory is exhausted
 */
template <OptimizerKind Kind>
[[nodiscard]] bool runOptimizer(const OptimizerFactors& factors, const OptimizerVariables& variables, const float* slots,
                  float* newSlots, Index total, const Parallel& parallel) {
  // A core updates about 1e9 weights per second; waking a thread takes about ten microseconds.
  constexpr Index kWorthSharing = 64 * 1024;
  const Index count = variables.pieceCount();
  const BufferOf<OptimizerPiece> pieces(count);
  const BufferOf<double> squares(count);
  if (!pieces.ok() || !squares.ok()) return false;
  fillPieces(variables, pieces.get());
  const Index shares = total < kWorthSharing ? 1 : std::min(parallel.threads(), count);
  const auto forPieces = [&](auto&& work) {
    parallel.run(shares, [&](Index index) {
      const Index end = (index + 1) * count / shares;
      for (Index at = index * count / shares; at < end; at++) work(at, pieces[at]);
    });
  };

  float scale = 1.0f;
  if (factors.clipNorm > 0) {
    forPieces([&](Index at, const OptimizerPiece& piece) {
      squares[at] = sumOfSquares(piece.variable->gradient + piece.first, piece.count);
    });
    scale = clipScale(squares.get(), count, factors.clipNorm);
  }
  forPieces([&](Index, const OptimizerPiece& piece) {
    const OptimizerVariable& variable = *piece.variable;
    const Index at = variable.offset + piece.first;
    moveWeights<Kind>(factors, scale, piece.count, variable.value + piece.first, variable.gradient + piece.first, slots + at,
                      slots + total + at, variable.newValue + piece.first, newSlots + at, newSlots + total + at);
  });
  return true;
}

}  // namespace onda

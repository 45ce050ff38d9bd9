#pragma once

#include <cmath>

#include "vector.h"

// The losses; formulas in libs/kernels/src/readoutLossOp.ts.

namespace onda {

enum class LossKind { kMse, kMae, kHuber, kGaussian, kQuantile };

struct Loss {
  LossKind kind = LossKind::kMse;
  /** Of huber. */
  float delta = 1;
  /** Of quantile: the level of each block. */
  const float* levels = nullptr;
  Index levelCount = 0;

  /** Columns of the prediction for each output. */
  Index blocks() const {
    if (kind == LossKind::kGaussian) return 2;
    return kind == LossKind::kQuantile ? levelCount : 1;
  }
  /** Values of which the loss is the mean, for each value of the target. */
  Index terms() const { return kind == LossKind::kQuantile ? blocks() : 1; }
};

/** Some rows of a prediction [rows, blocks * outputs] and of its target [rows, outputs]. */
struct LossRows {
  Index rows;
  Index outputs;
  const float* prediction;
  const float* target;
  /** Shape of the prediction: the gradient of the sum of losses, not of their mean. */
  float* gradient;
};

/** Sums `work(error, gradient)` over losses whose gradient is a function of prediction - target alone. */
template <class Work>
inline double sumOfErrors(const LossRows& r, Work&& work) {
  DoubleVector sums{};
  forLanes(r.rows * r.outputs, [&](Index at, auto lanes) {
    Vector gradient;
    const Vector term = work(load(r.prediction + at, lanes) - load(r.target + at, lanes), &gradient);
    store(r.gradient + at, gradient, lanes);
    sums += __builtin_convertvector(term, DoubleVector);
  });
  double sum = 0;
  for (Index lane = 0; lane < kLanes; lane++) sum += sums[lane];
  return sum;
}

inline double gaussianLoss(const LossRows& r) {
  // PyTorch's minimum variance.
  constexpr double kEpsilon = 1e-6;
  const double least = std::log(kEpsilon);
  double sum = 0;
  for (Index row = 0; row < r.rows; row++) {
    for (Index output = 0; output < r.outputs; output++) {
      const Index mean = 2 * row * r.outputs + output;
      const double difference = r.prediction[mean] - r.target[row * r.outputs + output];
      const double s = r.prediction[mean + r.outputs];
      const double held = s < least ? least : s;
      const double precision = std::exp(-held);
      const double error = difference * difference * precision;
      sum += (held + error) / 2;
      r.gradient[mean] = static_cast<float>(difference * precision);
      // Below the minimum variance PyTorch passes the gradient of the clipped variance on unchanged.
      const double share = s < least ? std::exp(s - least) : 1;
      r.gradient[mean + r.outputs] = static_cast<float>((1 - error) * share / 2);
    }
  }
  return sum;
}

inline double quantileLoss(const LossRows& r, const Loss& loss) {
  const Index columns = loss.levelCount * r.outputs;
  double sum = 0;
  for (Index row = 0; row < r.rows; row++) {
    for (Index column = 0; column < columns; column++) {
      const float level = loss.levels[column / r.outputs];
      const float error = r.target[row * r.outputs + column % r.outputs] - r.prediction[row * columns + column];
      sum += error > 0 ? level * error : (level - 1) * error;
      r.gradient[row * columns + column] = error > 0 ? -level : error < 0 ? 1 - level : error;
    }
  }
  return sum;
}

/** @returns the sum of the losses of all values */
inline double addLosses(const Loss& loss, const LossRows& r) {
  switch (loss.kind) {
    case LossKind::kMse:
      return sumOfErrors(r, [](Vector error, Vector* gradient) {
        *gradient = error + error;
        return error * error;
      });
    case LossKind::kMae:
      return sumOfErrors(r, [](Vector error, Vector* gradient) {
        // The derivative at 0 is 0, at NaN it is NaN.
        *gradient = error > 0.0f ? broadcast(1) : (error < 0.0f ? broadcast(-1) : error);
        return error < 0.0f ? -error : error;
      });
    case LossKind::kHuber:
      return sumOfErrors(r, [&loss](Vector error, Vector* gradient) {
        const Vector limit = broadcast(loss.delta);
        const Vector held = error > limit ? limit : (error < -limit ? -limit : error);
        *gradient = held;
        return held * (error - held * 0.5f);
      });
    case LossKind::kGaussian:
      return gaussianLoss(r);
    case LossKind::kQuantile:
      return quantileLoss(r, loss);
  }
  return 0;
}

}  // namespace onda

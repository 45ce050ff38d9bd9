#pragma once

#include "cell.h"
#include "functions.h"
#include "product.h"

namespace onda {

/** h_t = act(x_t W + b + h_(t-1) R + rb). Needs no reserve: the slope follows from y. */
class RnnCell {
 public:
  static constexpr Index kGates = 1;
  static constexpr Index kReserveBlocks = 0;

  class Forward {
   public:
    explicit Forward(const Sequence& s)
        : units_(s.sizes.units), relu_(s.options.relu), recurrent_(s.recurrentKernel, units_, 1, units_, units_) {}

    bool ok() const { return recurrent_.ok(); }
    Index sumColumns() const { return units_; }

    void startSums(const Sequence& s, float* sums) const { addBiases(s, units_, sums); }

    void step(const ForwardRows& rows) const {
      addProduct(rows.count, rows.hBefore, units_, recurrent_, rows.sums, units_);
      forLanes(rows.count * units_, [&](Index at, auto lanes) {
        const Vector sum = load(rows.sums + at, lanes);
        store(rows.h + at, relu_ ? reluOf(sum) : tanhOf(sum), lanes);
      });
    }

   private:
    Index units_;
    bool relu_;
    Panels recurrent_;
  };

  class Backward {
   public:
    explicit Backward(const Sequence& s)
        : units_(s.sizes.units), relu_(s.options.relu), recurrent_(s.recurrentKernel, 1, units_, units_, units_) {}

    bool ok() const { return recurrent_.ok(); }
    Index gateColumns() const { return units_; }

    void step(const Sequence& s, const BackwardInputs& in, Index step, Share share, const BackwardRows& rows) const {
      for (Index row = 0; row < share.count; row++) {
        const Index at = s.at(share.first + row, step, units_);
        float* later = rows.dhLater + row * units_;
        float* dGates = rows.dGates + row * units_;
        forLanes(units_, [&](Index u, auto lanes) {
          const Vector h = load(in.y + at + u, lanes);
          const Vector dOut = load(in.dy + at + u, lanes) + load(later + u, lanes);
          const Vector dSum = relu_ ? (h > 0.0f ? dOut : Vector{}) : dOut * (1.0f - h * h);
          store(dGates + u, dSum, lanes);
          store(later + u, Vector{}, lanes);
        });
      }
      addProduct(share.count, rows.dGates, units_, recurrent_, rows.dhLater, units_);
    }

    GradientProducts products(const Sequence& s, const BackwardResults& out) const {
      return plainProducts(s, out, units_);
    }

    InputProducts inputProducts(const Sequence& s) const {
      InputProducts products;
      products.add({0, Panels(s.kernel, 1, units_, units_, s.sizes.features)});
      return products;
    }

    void finish(const BackwardResults& out) const { std::memcpy(out.dRecurrentBias, out.dBias, units_ * sizeof(float)); }

   private:
    Index units_;
    bool relu_;
    Panels recurrent_;
  };
};

}  // namespace onda

#pragma once

#include "cell.h"
#include "functions.h"
#include "product.h"

namespace onda {

/** i, f, o = sigmoid(...), g = tanh(...); c_t = f c_(t-1) + i g; h_t = o tanh(c_t). Reserve: i, f, g, o, c. */
class LstmCell {
 public:
  static constexpr Index kGates = 4;
  static constexpr Index kReserveBlocks = 5;

  class Forward {
   public:
    explicit Forward(const Sequence& s)
        : units_(s.sizes.units), recurrent_(s.recurrentKernel, 4 * units_, 1, units_, 4 * units_) {}

    bool ok() const { return recurrent_.ok(); }
    Index sumColumns() const { return 4 * units_; }

    void startSums(const Sequence& s, float* sums) const { addBiases(s, 4 * units_, sums); }

    void step(const ForwardRows& rows) const {
      addProduct(rows.count, rows.hBefore, units_, recurrent_, rows.sums, 4 * units_);
      for (Index row = 0; row < rows.count; row++) {
        float* reserve = rows.reserve == nullptr ? nullptr : rows.reserve + row * kReserveBlocks * units_;
        activate(rows.sums + row * 4 * units_, rows.c + row * units_, rows.h + row * units_, reserve);
      }
    }

   private:
    void activate(const float* sums, float* states, float* h, float* reserve) const {
      forLanes(units_, [&](Index u, auto lanes) {
        const Vector i = sigmoidOf(load(sums + u, lanes));
        const Vector f = sigmoidOf(load(sums + units_ + u, lanes));
        const Vector g = tanhOf(load(sums + 2 * units_ + u, lanes));
        const Vector o = sigmoidOf(load(sums + 3 * units_ + u, lanes));
        const Vector c = f * load(states + u, lanes) + i * g;
        store(states + u, c, lanes);
        store(h + u, o * tanhOf(c), lanes);
        if (reserve == nullptr) return;
        store(reserve + u, i, lanes);
        store(reserve + units_ + u, f, lanes);
        store(reserve + 2 * units_ + u, g, lanes);
        store(reserve + 3 * units_ + u, o, lanes);
        store(reserve + 4 * units_ + u, c, lanes);
      });
    }

    Index units_;
    Panels recurrent_;
  };

  class Backward {
   public:
    explicit Backward(const Sequence& s)
        : units_(s.sizes.units), recurrent_(s.recurrentKernel, 1, 4 * units_, 4 * units_, units_) {}

    bool ok() const { return recurrent_.ok(); }
    Index gateColumns() const { return 4 * units_; }

    void step(const Sequence& s, const BackwardInputs& in, Index step, Share share, const BackwardRows& rows) const {
      const Index width = kReserveBlocks * units_;
      for (Index row = 0; row < share.count; row++) {
        const Index b = share.first + row;
        const float* reserve = in.reserve + (step * s.sizes.batch + b) * width;
        const float* cBefore = step == 0 ? s.c0 + b * units_ : reserve - s.sizes.batch * width + 4 * units_;
        gateGradients(reserve, cBefore, in.dy + s.at(b, step, units_), rows, row);
      }
      addProduct(share.count, rows.dGates, 4 * units_, recurrent_, rows.dhLater, units_);
    }

    GradientProducts products(const Sequence& s, const BackwardResults& out) const {
      return plainProducts(s, out, 4 * units_);
    }

    InputProducts inputProducts(const Sequence& s) const {
      InputProducts products;
      products.add({0, Panels(s.kernel, 1, 4 * units_, 4 * units_, s.sizes.features)});
      return products;
    }

    void finish(const BackwardResults& out) const {
      std::memcpy(out.dRecurrentBias, out.dBias, 4 * units_ * sizeof(float));
    }

   private:
    /** Leaves zeros in dhLater, for the product to add to. */
    void gateGradients(const float* reserve, const float* cBefore, const float* dy, const BackwardRows& rows,
                       Index row) const {
      float* dhLater = rows.dhLater + row * units_;
      float* dcLater = rows.dcLater + row * units_;
      float* dGates = rows.dGates + row * 4 * units_;
      forLanes(units_, [&](Index u, auto lanes) {
        const Vector i = load(reserve + u, lanes);
        const Vector f = load(reserve + units_ + u, lanes);
        const Vector g = load(reserve + 2 * units_ + u, lanes);
        const Vector o = load(reserve + 3 * units_ + u, lanes);
        const Vector shape = tanhOf(load(reserve + 4 * units_ + u, lanes));
        const Vector dOut = load(dy + u, lanes) + load(dhLater + u, lanes);
        const Vector dCell = load(dcLater + u, lanes) + dOut * o * (1.0f - shape * shape);
        store(dGates + u, dCell * g * i * (1.0f - i), lanes);
        store(dGates + units_ + u, dCell * load(cBefore + u, lanes) * f * (1.0f - f), lanes);
        store(dGates + 2 * units_ + u, dCell * i * (1.0f - g * g), lanes);
        store(dGates + 3 * units_ + u, dOut * shape * o * (1.0f - o), lanes);
        store(dcLater + u, dCell * f, lanes);
        store(dhLater + u, Vector{}, lanes);
      });
    }

    Index units_;
    Panels recurrent_;
  };
};

}  // namespace onda

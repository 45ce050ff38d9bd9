#pragma once

#include "cell.h"
#include "functions.h"
#include "product.h"

namespace onda {

/**
 * r, z = sigmoid(...); n = tanh(...); h_t = (1 - z) n + z h_(t-1). Reserve: r, z, n, and the recurrent part of n before the reset gate
 * (reset after the product) or r h_(t-1) (before it).
 */
class GruCell {
 public:
  static constexpr Index kGates = 3;
  static constexpr Index kReserveBlocks = 4;

  /** The sums of a row: r, z, n, and, when the reset gate applies after the product, the recurrent part of n. */
  class Forward {
   public:
    explicit Forward(const Sequence& s)
        : units_(s.sizes.units),
          resetAfter_(s.options.resetAfter),
          gates_(s.recurrentKernel, 3 * units_, 1, units_, 2 * units_),
          candidate_(s.recurrentKernel + 2 * units_, 3 * units_, 1, units_, units_) {}

    bool ok() const { return gates_.ok() && candidate_.ok(); }
    Index sumColumns() const { return (resetAfter_ ? 4 : 3) * units_; }

    void startSums(const Sequence& s, float* sums) const {
      addBiases(s, resetAfter_ ? 2 * units_ : 3 * units_, sums);
      if (!resetAfter_) return;
      std::memcpy(sums + 2 * units_, s.bias + 2 * units_, units_ * sizeof(float));
      std::memcpy(sums + 3 * units_, s.recurrentBias + 2 * units_, units_ * sizeof(float));
    }

    void step(const ForwardRows& rows) const {
      const Index width = sumColumns();
      addProduct(rows.count, rows.hBefore, units_, gates_, rows.sums, width);
      if (resetAfter_) {
        addProduct(rows.count, rows.hBefore, units_, candidate_, rows.sums + 3 * units_, width);
      } else {
        // r h_(t-1), in the memory of h_t.
        for (Index row = 0; row < rows.count; row++)
          forLanes(units_, [&](Index u, auto lanes) {
            const Vector r = sigmoidOf(load(rows.sums + row * width + u, lanes));
            store(rows.sums + row * width + u, r, lanes);
            store(rows.h + row * units_ + u, r * load(rows.hBefore + row * units_ + u, lanes), lanes);
          });
        addProduct(rows.count, rows.h, units_, candidate_, rows.sums + 2 * units_, width);
      }
      for (Index row = 0; row < rows.count; row++) {
        float* reserve = rows.reserve == nullptr ? nullptr : rows.reserve + row * kReserveBlocks * units_;
        activate(rows.sums + row * width, rows.hBefore + row * units_, rows.h + row * units_, reserve);
      }
    }

   private:
    void activate(const float* sums, const float* hBefore, float* h, float* reserve) const {
      forLanes(units_, [&](Index u, auto lanes) {
        const Vector sumR = load(sums + u, lanes);
        const Vector r = resetAfter_ ? sigmoidOf(sumR) : sumR;
        const Vector z = sigmoidOf(load(sums + units_ + u, lanes));
        const Vector sumN = load(sums + 2 * units_ + u, lanes);
        const Vector last = resetAfter_ ? load(sums + 3 * units_ + u, lanes) : load(h + u, lanes);
        const Vector n = tanhOf(resetAfter_ ? sumN + r * last : sumN);
        store(h + u, n + z * (load(hBefore + u, lanes) - n), lanes);
        if (reserve == nullptr) return;
        store(reserve + u, r, lanes);
        store(reserve + units_ + u, z, lanes);
        store(reserve + 2 * units_ + u, n, lanes);
        store(reserve + 3 * units_ + u, last, lanes);
      });
    }

    Index units_;
    bool resetAfter_;
    Panels gates_;
    Panels candidate_;
  };

  /** Columns of the gates' gradients: r, z, n as the recurrent product sees it, n as the input product sees it. */
  class Backward {
   public:
    explicit Backward(const Sequence& s)
        : units_(s.sizes.units),
          resetAfter_(s.options.resetAfter),
          gates_(s.recurrentKernel, 1, 3 * units_, (resetAfter_ ? 3 : 2) * units_, units_),
          candidate_(s.recurrentKernel + 2 * units_, 1, 3 * units_, resetAfter_ ? 0 : units_, units_) {}

    bool ok() const { return gates_.ok() && candidate_.ok(); }
    Index gateColumns() const { return 4 * units_; }

    void step(const Sequence& s, const BackwardInputs& in, Index step, Share share, const BackwardRows& rows) const {
      const auto forRows = [&](auto&& work) {
        for (Index row = 0; row < share.count; row++) {
          const Index b = share.first + row;
          const float* reserve = in.reserve + (step * s.sizes.batch + b) * kReserveBlocks * units_;
          const float* hBefore = step == 0 ? s.h0 + b * units_ : in.y + s.at(b, step - 1, units_);
          work(row, reserve, hBefore, s.at(b, step, units_));
        }
      };
      forRows([&](Index row, const float* reserve, const float* hBefore, Index at) {
        gateGradients(reserve, hBefore, in.dy + at, rows, row);
      });
      if (!resetAfter_) {
        std::memset(rows.spare, 0, share.count * units_ * sizeof(float));
        addProduct(share.count, rows.dGates + 2 * units_, 4 * units_, candidate_, rows.spare, units_);
        forRows([&](Index row, const float* reserve, const float* hBefore, Index) {
          resetGradients(reserve, hBefore, rows, row);
        });
      }
      addProduct(share.count, rows.dGates, 4 * units_, gates_, rows.dhLater, units_);
    }

    GradientProducts products(const Sequence& s, const BackwardResults& out) const {
      const Index u = units_;
      const Index f = s.sizes.features;
      GradientProducts products;
      products.add({GradientSource::kInputs, f, 0, 0, 2 * u, out.dKernel, 3 * u, out.dBias});
      products.add({GradientSource::kInputs, f, 0, 3 * u, u, out.dKernel + 2 * u, 3 * u, out.dBias + 2 * u});
      if (resetAfter_) {
        products.add({GradientSource::kStates, u, 0, 0, 3 * u, out.dRecurrentKernel, 3 * u, out.dRecurrentBias});
      } else {
        products.add({GradientSource::kStates, u, 0, 0, 2 * u, out.dRecurrentKernel, 3 * u, nullptr});
        products.add({GradientSource::kReserve, u, 3 * u, 2 * u, u, out.dRecurrentKernel + 2 * u, 3 * u, nullptr});
      }
      return products;
    }

    InputProducts inputProducts(const Sequence& s) const {
      InputProducts products;
      products.add({0, Panels(s.kernel, 1, 3 * units_, 2 * units_, s.sizes.features)});
      products.add({3 * units_, Panels(s.kernel + 2 * units_, 1, 3 * units_, units_, s.sizes.features)});
      return products;
    }

    void finish(const BackwardResults& out) const {
      if (!resetAfter_) std::memcpy(out.dRecurrentBias, out.dBias, 3 * units_ * sizeof(float));
    }

   private:
    /** Leaves in dhLater what goes past the gates, for the product to add to. */
    void gateGradients(const float* reserve, const float* hBefore, const float* dy, const BackwardRows& rows,
                       Index row) const {
      float* dhLater = rows.dhLater + row * units_;
      float* dGates = rows.dGates + row * 4 * units_;
      forLanes(units_, [&](Index u, auto lanes) {
        const Vector r = load(reserve + u, lanes);
        const Vector z = load(reserve + units_ + u, lanes);
        const Vector n = load(reserve + 2 * units_ + u, lanes);
        const Vector dOut = load(dy + u, lanes) + load(dhLater + u, lanes);
        const Vector dN = dOut * (1.0f - z) * (1.0f - n * n);
        store(dGates + units_ + u, dOut * (load(hBefore + u, lanes) - n) * z * (1.0f - z), lanes);
        store(dGates + 2 * units_ + u, resetAfter_ ? dN * r : dN, lanes);
        store(dGates + 3 * units_ + u, dN, lanes);
        if (resetAfter_) store(dGates + u, dN * load(reserve + 3 * units_ + u, lanes) * r * (1.0f - r), lanes);
        store(dhLater + u, dOut * z, lanes);
      });
    }

    /** Reset before the product: from the gradient of r h_(t-1), which is in `spare`. */
    void resetGradients(const float* reserve, const float* hBefore, const BackwardRows& rows, Index row) const {
      float* dhLater = rows.dhLater + row * units_;
      forLanes(units_, [&](Index u, auto lanes) {
        const Vector r = load(reserve + u, lanes);
        const Vector dState = load(rows.spare + row * units_ + u, lanes);
        store(rows.dGates + row * 4 * units_ + u, dState * load(hBefore + u, lanes) * r * (1.0f - r), lanes);
        store(dhLater + u, load(dhLater + u, lanes) + dState * r, lanes);
      });
    }

    Index units_;
    bool resetAfter_;
    Panels gates_;
    Panels candidate_;
  };
};

}  // namespace onda

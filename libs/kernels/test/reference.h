#pragma once

#include <cmath>
#include <vector>

#include "../core/sequence.h"

// Textbook implementations of the recurrent cells in double precision, the reference of the tests.

namespace onda::test {

using Values = std::vector<double>;

enum class Cell { kRnn, kLstm, kGru };

inline Index gatesOf(Cell cell) { return cell == Cell::kRnn ? 1 : cell == Cell::kLstm ? 4 : 3; }
inline Index reserveBlocksOf(Cell cell) { return cell == Cell::kRnn ? 0 : cell == Cell::kLstm ? 5 : 4; }

/** Inputs in the order of the op: x, kernel, recurrentKernel, bias, recurrentBias, h0, c0. */
struct Inputs {
  std::vector<Values> values;
};

struct Outputs {
  Values y;
  Values h;
  Values c;
};

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

inline Outputs forward(Cell cell, const Sizes& n, const Options& options, const Inputs& in) {
  const Values& x = in.values[0];
  const Values& kernel = in.values[1];
  const Values& recurrent = in.values[2];
  const Values& bias = in.values[3];
  const Values& recurrentBias = in.values[4];
  const Index columns = gatesOf(cell) * n.units;
  Outputs out{Values(n.batch * n.time * n.units), in.values[5], in.values[6]};
  for (Index row = 0; row < n.batch; row++) {
    for (Index step = 0; step < n.time; step++) {
      const Index sample = row * n.time + (options.reverse ? n.time - 1 - step : step);
      Values state(out.h.begin() + row * n.units, out.h.begin() + (row + 1) * n.units);
      Values a(columns), r(columns);
      for (Index j = 0; j < columns; j++) {
        a[j] = bias[j];
        r[j] = recurrentBias[j];
        for (Index f = 0; f < n.features; f++) a[j] += x[sample * n.features + f] * kernel[f * columns + j];
        for (Index k = 0; k < n.units; k++) r[j] += state[k] * recurrent[k * columns + j];
      }
      for (Index u = 0; u < n.units; u++) {
        double& h = out.h[row * n.units + u];
        if (cell == Cell::kRnn) {
          const double sum = a[u] + r[u];
          h = options.relu ? std::max(sum, 0.0) : std::tanh(sum);
        } else if (cell == Cell::kLstm) {
          const auto sum = [&](Index gate) { return a[gate * n.units + u] + r[gate * n.units + u]; };
          double& c = out.c[row * n.units + u];
          c = sigmoid(sum(1)) * c + sigmoid(sum(0)) * std::tanh(sum(2));
          h = sigmoid(sum(3)) * std::tanh(c);
        } else {
          const double z = sigmoid(a[n.units + u] + r[n.units + u]);
          double sum = a[2 * n.units + u];
          if (options.resetAfter) {
            sum += sigmoid(a[u] + r[u]) * r[2 * n.units + u];
          } else {
            sum += recurrentBias[2 * n.units + u];
            for (Index k = 0; k < n.units; k++)
              sum += sigmoid(a[k] + r[k]) * state[k] * recurrent[k * columns + 2 * n.units + u];
          }
          h = (1 - z) * std::tanh(sum) + z * state[u];
        }
        out.y[sample * n.units + u] = h;
      }
    }
  }
  return out;
}

}  // namespace onda::test

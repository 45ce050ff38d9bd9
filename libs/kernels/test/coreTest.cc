// Tests the numeric core without TensorFlow and Node: values against the reference in double precision, gradients against finite
// differences, equal bits on one thread and on three. Built with AddressSanitizer and UBSan (sanitize.mjs).

#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../core/backward.h"
#include "../core/forward.h"
#include "../core/gruCell.h"
#include "../core/lstmCell.h"
#include "../core/optimizer.h"
#include "../core/readoutLoss.h"
#include "../core/rnnCell.h"
#include "reference.h"

namespace onda::test {

int failures = 0;

void expectNear(const std::string& what, double got, double expected, double tolerance) {
  if (std::fabs(got - expected) <= tolerance) return;
  if (failures++ < 20) std::printf("%s: expected %.9g, got %.9g\n", what.c_str(), expected, got);
}

void expectEnough(bool enough) {
  if (!enough && failures++ < 20) std::printf("not enough memory\n");
}

class Threads final : public Parallel {
 public:
  explicit Threads(Index count) : count_(count) {}
  Index threads() const override { return count_; }
  void run(Index count, Task task) const override {
    std::vector<std::thread> threads;
    for (Index index = 0; index < count; index++) threads.emplace_back([task, index] { task(index); });
    for (std::thread& thread : threads) thread.join();
  }

 private:
  Index count_;
};

using Floats = std::vector<float>;

struct Results {
  Floats y, h, c, reserve, dx, dKernel, dRecurrentKernel, dBias, dRecurrentBias, dh0, dc0;
};

std::vector<Floats> toFloats(const std::vector<Values>& values) {
  std::vector<Floats> floats;
  for (const Values& list : values) floats.emplace_back(list.begin(), list.end());
  return floats;
}

/** Forward and backward. `seeds`: the gradients of y, h and c. */
template <class CellClass>
Results runBoth(Cell cell, const Sizes& n, const Options& options, const Inputs& in, const std::vector<Values>& seeds,
                const Parallel& parallel) {
  const std::vector<Floats> floats = toFloats(in.values);
  const std::vector<Floats> d = toFloats(seeds);
  const Index columns = gatesOf(cell) * n.units;
  const Index samples = n.batch * n.time;
  const bool lstm = cell == Cell::kLstm;
  Results r{Floats(samples * n.units),
            Floats(n.batch * n.units),
            Floats(n.batch * n.units),
            Floats(samples * reserveBlocksOf(cell) * n.units),
            Floats(samples * n.features),
            Floats(n.features * columns),
            Floats(n.units * columns),
            Floats(columns),
            Floats(columns),
            Floats(n.batch * n.units),
            Floats(n.batch * n.units)};
  const Sequence s{n,
                   options,
                   floats[0].data(),
                   floats[1].data(),
                   floats[2].data(),
                   floats[3].data(),
                   floats[4].data(),
                   floats[5].data(),
                   lstm ? floats[6].data() : nullptr};
  expectEnough(runForward<CellClass>(s, {r.y.data(), r.h.data(), lstm ? r.c.data() : nullptr, r.reserve.data()}, parallel));
  expectEnough(runBackward<CellClass>(s, {r.y.data(), r.reserve.data(), d[0].data(), d[1].data(), d[2].data()},
                         {r.dx.data(), r.dKernel.data(), r.dRecurrentKernel.data(), r.dBias.data(),
                          r.dRecurrentBias.data(), r.dh0.data(), lstm ? r.dc0.data() : nullptr},
                         parallel));
  return r;
}

double lossOf(const Outputs& out, const std::vector<Values>& seeds) {
  double sum = 0;
  for (std::size_t i = 0; i < out.y.size(); i++) sum += out.y[i] * seeds[0][i];
  for (std::size_t i = 0; i < out.h.size(); i++) sum += out.h[i] * seeds[1][i];
  for (std::size_t i = 0; i < out.c.size(); i++) sum += out.c[i] * seeds[2][i];
  return sum;
}

template <class CellClass>
void checkCell(Cell cell, const std::string& name, const Sizes& n, const Options& options) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0, 1);
  const auto draw = [&](Index count, double scale = 0.5) {
    Values values(count);
    for (double& value : values) value = static_cast<float>(scale * normal(random));
    return values;
  };
  const Index columns = gatesOf(cell) * n.units;
  const Index states = n.batch * n.units;
  Inputs in{{draw(n.batch * n.time * n.features), draw(n.features * columns),
             // So that states neither vanish nor, with relu, grow without bound.
             draw(n.units * columns, 0.8 / std::sqrt(n.units)), draw(columns), draw(columns), draw(states), cell == Cell::kLstm ? draw(states) : Values()}};
  const std::vector<Values> seeds{draw(n.batch * n.time * n.units), draw(states),
                                  cell == Cell::kLstm ? draw(states) : Values()};
  const std::string where = name + " batch " + std::to_string(n.batch) + " time " + std::to_string(n.time) + " features " +
                            std::to_string(n.features) + " units " + std::to_string(n.units);

  const Results r = runBoth<CellClass>(cell, n, options, in, seeds, NotParallel());
  const Outputs expected = forward(cell, n, options, in);
  // float32 rounding of sums of some ten terms of size 1 (relu's are larger), carried over the samples.
  constexpr double kValueTolerance = 2e-5;
  for (std::size_t i = 0; i < expected.y.size(); i++) expectNear(where + " y", r.y[i], expected.y[i], kValueTolerance);
  for (std::size_t i = 0; i < expected.h.size(); i++) expectNear(where + " h", r.h[i], expected.h[i], kValueTolerance);
  for (std::size_t i = 0; i < expected.c.size(); i++) expectNear(where + " c", r.c[i], expected.c[i], kValueTolerance);

  const Results again = runBoth<CellClass>(cell, n, options, in, seeds, Threads(3));
  const Floats Results::*const all[] = {&Results::y,       &Results::h,      &Results::reserve,        &Results::dx,
                                        &Results::dKernel, &Results::dBias,  &Results::dRecurrentKernel, &Results::dRecurrentBias,
                                        &Results::dh0,     &Results::dc0};
  for (const auto part : all)
    if (r.*part != again.*part && failures++ < 20) std::printf("%s: one thread and three give different bits\n", where.c_str());

  if (n.batch * n.time * n.units > 2000) return;
  const Floats* const gradients[] = {&r.dx, &r.dKernel, &r.dRecurrentKernel, &r.dBias, &r.dRecurrentBias, &r.dh0, &r.dc0};
  for (std::size_t input = 0; input < in.values.size(); input++) {
    for (int trial = 0; trial < 6 && !in.values[input].empty(); trial++) {
      const std::size_t index = random() % in.values[input].size();
      double& value = in.values[input][index];
      const double kept = value;
      constexpr double kStep = 1e-5;
      value = kept + kStep;
      const double above = lossOf(forward(cell, n, options, in), seeds);
      value = kept - kStep;
      const double below = lossOf(forward(cell, n, options, in), seeds);
      value = kept;
      const double slope = (above - below) / (2 * kStep);
      // float32 sums of some hundred terms; relu's kink is never hit by these numbers.
      expectNear(where + " gradient of input " + std::to_string(input), (*gradients[input])[index], slope,
                 2e-4 * (1 + std::fabs(slope)));
    }
  }
}

void checkSizes(const Sizes& n) {
  for (const bool reverse : {false, true}) {
    Options options;
    options.training = true;
    options.reverse = reverse;
    checkCell<RnnCell>(Cell::kRnn, "rnn", n, options);
    checkCell<LstmCell>(Cell::kLstm, "lstm", n, options);
    checkCell<GruCell>(Cell::kGru, "gru", n, options);
    options.resetAfter = false;
    checkCell<GruCell>(Cell::kGru, "gru, reset before", n, options);
    options.relu = true;
    checkCell<RnnCell>(Cell::kRnn, "rnn, relu", n, options);
  }
}

void checkFunctions() {
  for (int index = -4000; index <= 4000; index++) {
    const float x = static_cast<float>(index) * 0.005f * (1 + static_cast<float>(index % 7));
    const float t = tanhOf(broadcast(x))[0];
    const float s = sigmoidOf(broadcast(x))[0];
    expectNear("tanh " + std::to_string(x), t, std::tanh(static_cast<double>(x)), 3e-7 * std::fabs(t));
    expectNear("sigmoid " + std::to_string(x), s, sigmoid(x), 3e-7 * s + 1e-38);
  }
  const float nan = std::nanf("");
  if (!std::isnan(tanhOf(broadcast(nan))[0]) || !std::isnan(sigmoidOf(broadcast(nan))[0]) ||
      !std::isnan(reluOf(broadcast(nan))[0])) {
    failures++;
    std::printf("NaN does not stay NaN\n");
  }
}

template <OptimizerKind Kind>
void checkOptimizer() {
  const OptimizerFactors factors{0.01f, 0.1f, 0.999f, 0.001f, 0.5f, 1e-8f, 0.9f, 0.01f, 0.999f, 0.7f};
  std::vector<Floats> results;
  for (const Index threads : {1, 3}) {
    const Index sizes[] = {1, 70000, 33};
    Index total = 0;
    std::vector<Floats> values, gradients;
    for (const Index size : sizes) {
      values.emplace_back(size, 0.25f);
      gradients.emplace_back(size, 0.5f);
      total += size;
    }
    std::vector<Floats> moved(values);
    Floats slots(slotCountOf(Kind) * total, 0.5f), newSlots(slots.size());
    std::vector<OptimizerVariable> variables;
    Index offset = 0;
    for (std::size_t i = 0; i < 3; i++) {
      variables.push_back({sizes[i], values[i].data(), gradients[i].data(), moved[i].data(), offset});
      offset += sizes[i];
    }
    expectEnough(runOptimizer<Kind>(factors, {variables.data(), 3}, slots.data(), newSlots.data(), total, Threads(threads)));
    results.push_back(moved[1]);
    results.push_back(newSlots);
  }
  if (results[0] == results[2] && results[1] == results[3] && std::isfinite(results[0][69999])) return;
  failures++;
  std::printf("optimizer: one thread and three give different bits\n");
}

/** The loss of inputs hidden, kernel, bias, target; with gradients when `d` has room for them. */
float readoutLoss(const Loss& loss, const Sizes& n, Index outputs, const std::vector<Floats>& in, std::vector<Floats>* d,
                  Index threads) {
  float value = 0;
  Floats prediction(n.batch * n.time * loss.blocks() * outputs);
  expectEnough(runReadoutLoss({loss, n.batch * n.time, n.units, outputs, in[0].data(), in[1].data(), in[2].data(), in[3].data(), &value,
                  prediction.data(), d ? (*d)[0].data() : nullptr, d ? (*d)[1].data() : nullptr, d ? (*d)[2].data() : nullptr},
                 Threads(threads)));
  return value;
}

void checkReadoutLoss(LossKind kind, const Sizes& n, Index outputs) {
  const float levels[] = {0.5f, 0.1f, 0.9f};
  const Loss loss{kind, 4.0f, levels, 3};
  std::mt19937 random(11);
  std::normal_distribution<float> normal(0, 0.5f);
  const Index columns = loss.blocks() * outputs;
  const Index samples = n.batch * n.time;
  std::vector<Floats> in{Floats(samples * n.units), Floats(n.units * columns), Floats(columns), Floats(samples * outputs)};
  for (Floats& list : in)
    for (float& value : list) value = normal(random);
  // Far from the predictions, on both sides: no step crosses the kink of an absolute value. Huber's loss is smooth there.
  for (std::size_t i = 0; i < in[3].size(); i++) in[3][i] += i % 2 == 0 ? 4.0f : -4.0f;
  std::vector<Floats> d{Floats(in[0].size()), Floats(in[1].size()), Floats(in[2].size())};
  const float value = readoutLoss(loss, n, outputs, in, &d, 1);
  std::vector<Floats> again(d);
  if (readoutLoss(loss, n, outputs, in, &again, 3) != value || again != d) {
    failures++;
    std::printf("read-out: one thread and three give different bits\n");
  }
  for (std::size_t input = 0; input < d.size(); input++) {
    for (int trial = 0; trial < 4; trial++) {
      const std::size_t index = random() % in[input].size();
      const float kept = in[input][index];
      // Large enough for float32 to show a change of the mean; the curvature then costs some of the precision.
      constexpr float kStep = 0.02f;
      in[input][index] = kept + kStep;
      const double above = readoutLoss(loss, n, outputs, in, nullptr, 1);
      in[input][index] = kept - kStep;
      const double below = readoutLoss(loss, n, outputs, in, nullptr, 1);
      in[input][index] = kept;
      const double slope = (above - below) / (2 * kStep);
      expectNear("read-out gradient of input " + std::to_string(input), d[input][index], slope, 5e-3 + 0.03 * std::fabs(slope));
    }
  }
}

}  // namespace onda::test

int main() {
  using namespace onda;
  using namespace onda::test;
  checkFunctions();
  for (const Index units : {1, 7, 16, 33})
    for (const Index batch : {1, 5})
      for (const Index time : {1, 2, 7})
        for (const Index features : {1, 3}) checkSizes({batch, time, features, units});
  // Large enough for several threads, several blocks of samples, and more columns than one panel.
  checkSizes({29, 60, 37, 51});
  for (const LossKind kind :
       {LossKind::kMse, LossKind::kMae, LossKind::kHuber, LossKind::kGaussian, LossKind::kQuantile}) {
    checkReadoutLoss(kind, {2, 5, 1, 7}, 1);
    checkReadoutLoss(kind, {3, 4, 1, 33}, 4);
    checkReadoutLoss(kind, {7, 500, 1, 16}, 13);
  }
  checkOptimizer<OptimizerKind::kAdam>();
  checkOptimizer<OptimizerKind::kAdamW>();
  checkOptimizer<OptimizerKind::kRmsprop>();
  checkOptimizer<OptimizerKind::kSgd>();
  std::printf(failures == 0 ? "all right\n" : "%d wrong\n", failures);
  return failures == 0 ? 0 : 1;
}

// The functions that the WebAssembly module exports: the numeric core with sizes and addresses as arguments. Shapes and orders are those
// of the ops in ../src; the caller has checked them. Each returns 0, or 1 if memory is exhausted.

#include "../core/backward.h"
#include "../core/forward.h"
#include "../core/gruCell.h"
#include "../core/lstmCell.h"
#include "../core/optimizer.h"
#include "../core/readoutLoss.h"
#include "../core/rnnCell.h"

#define ONDA_EXPORT(NAME) extern "C" __attribute__((export_name(NAME), visibility("default")))

namespace {

using namespace onda;

/** Values of the argument `cell`: the places in `cellKinds` of libs/contract. */
enum CellNumber { kRnn, kLstm, kGru };

/** Bits of the argument `flags`. */
enum Flag { kRelu = 1, kResetBefore = 2, kReverse = 4 };

struct RecurrentArguments {
  int cell;
  int flags;
  Sizes sizes;
  const float* x;
  const float* kernel;
  const float* recurrentKernel;
  const float* bias;
  const float* recurrentBias;
  const float* h0;
  const float* c0;

  Sequence sequence() const {
    Options options;
    options.relu = (flags & kRelu) != 0;
    options.resetAfter = (flags & kResetBefore) == 0;
    options.reverse = (flags & kReverse) != 0;
    return {sizes, options, x, kernel, recurrentKernel, bias, recurrentBias, h0, c0};
  }
};

template <class Work>
int withCell(int cell, Work&& work) {
  switch (cell) {
    case kRnn:
      return work(static_cast<RnnCell*>(nullptr));
    case kLstm:
      return work(static_cast<LstmCell*>(nullptr));
    case kGru:
      return work(static_cast<GruCell*>(nullptr));
  }
  return 1;
}

template <class Cell>
struct CellOf;
template <class Cell>
struct CellOf<Cell*> {
  using Type = Cell;
};

// The layouts that ../src/wasmKernels.ts writes, in words.
constexpr std::size_t kWord = 4;
static_assert(sizeof(void*) == kWord);
static_assert(sizeof(RecurrentArguments) == 13 * kWord);
static_assert(sizeof(ForwardResults) == 4 * kWord);
static_assert(sizeof(BackwardInputs) == 5 * kWord);
static_assert(sizeof(BackwardResults) == 7 * kWord);
static_assert(sizeof(ReadoutLoss) == 16 * kWord);
static_assert(sizeof(OptimizerFactors) == 10 * kWord);
static_assert(sizeof(OptimizerVariable) == 5 * kWord);

}  // namespace

ONDA_EXPORT("allocate") void* allocate(std::size_t bytes) { return std::malloc(bytes); }

ONDA_EXPORT("release") void release(void* memory) { std::free(memory); }

ONDA_EXPORT("recurrent")
int recurrent(const RecurrentArguments* arguments, const ForwardResults* results) {
  return withCell(arguments->cell, [&](auto cell) {
    using Cell = typename CellOf<decltype(cell)>::Type;
    return runForward<Cell>(arguments->sequence(), *results, NotParallel()) ? 0 : 1;
  });
}

ONDA_EXPORT("recurrentGrad")
int recurrentGrad(const RecurrentArguments* arguments, const BackwardInputs* inputs, const BackwardResults* results) {
  return withCell(arguments->cell, [&](auto cell) {
    using Cell = typename CellOf<decltype(cell)>::Type;
    return runBackward<Cell>(arguments->sequence(), *inputs, *results, NotParallel()) ? 0 : 1;
  });
}

ONDA_EXPORT("readoutLoss")
int readoutLoss(const ReadoutLoss* arguments) { return runReadoutLoss(*arguments, NotParallel()) ? 0 : 1; }

ONDA_EXPORT("optimizer")
int optimizer(int kind, const OptimizerFactors* factors, const OptimizerVariable* variables, Index count, const float* slots,
              float* newSlots, Index total) {
  const bool enough = withOptimizer(static_cast<OptimizerKind>(kind), [&](auto constant) {
    return runOptimizer<constant>(*factors, {variables, count}, slots, newSlots, total, NotParallel());
  });
  return enough ? 0 : 1;
}

#pragma once

#include <type_traits>

#include "../../../kernels/core/lstmCell.h"
#include "../../../kernels/core/sequence.h"
#include "tensorflow/core/framework/op_kernel.h"

namespace onda {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;

/** What both kernels share: attributes, and the checked inputs of the forward op, which are the first of the backward op. */
template <class Cell>
class RecurrentKernel : public OpKernel {
 public:
  explicit RecurrentKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    readOption(construction, "relu", &options_.relu);
    readOption(construction, "reset_after", &options_.resetAfter);
    readOption(construction, "reverse", &options_.reverse);
    readOption(construction, "training", &options_.training);
    readOption(construction, "input_gradient", &options_.inputGradient);
  }

  void Compute(OpKernelContext* context) final {
    if (run(context) || !context->status().ok()) return;
    context->CtxFailure(tensorflow::errors::ResourceExhausted(
        type_string(), ": there is not enough memory for its sums; take a smaller batch or fewer samples at once"));
  }

 protected:
  /** @returns false when the call has failed, or the core ran out of memory */
  virtual bool run(OpKernelContext* context) = 0;

  static constexpr bool kLstm = std::is_same_v<Cell, LstmCell>;
  static constexpr int kForwardInputs = kLstm ? 7 : 6;

  bool checkShape(OpKernelContext* context, int index, const char* what, const TensorShape& expected) const {
    const TensorShape& got = context->input(index).shape();
    if (got == expected) return true;
    context->CtxFailure(InvalidArgument(type_string(), " input ", what, ": expected shape ", expected.DebugString(), ", got ",
                                        got.DebugString(), "; its sizes must fit x and recurrentKernel"));
    return false;
  }

  /** @returns false when the call has failed */
  bool read(OpKernelContext* context, Sequence* s) const {
    const TensorShape& x = context->input(0).shape();
    const TensorShape& recurrent = context->input(2).shape();
    if (x.dims() != 3 || x.num_elements() == 0) {
      context->CtxFailure(InvalidArgument(type_string(), " input x: expected shape [batch, time, features] with every dim at least 1, got ",
                                          x.DebugString(), "; give it 3 dims that are not empty"));
      return false;
    }
    if (recurrent.dims() != 2 || recurrent.num_elements() == 0) {
      context->CtxFailure(InvalidArgument(type_string(), " input recurrentKernel: expected shape [units, ", Cell::kGates,
                                          " * units] with every dim at least 1, got ", recurrent.DebugString(),
                                          "; give it 2 dims that are not empty"));
      return false;
    }
    const auto batch = x.dim_size(0), features = x.dim_size(2), units = recurrent.dim_size(0);
    const auto columns = Cell::kGates * units;
    s->sizes = {batch, x.dim_size(1), features, units};
    s->options = options_;
    const TensorShape state({batch, units});
    if (!checkShape(context, 2, "recurrentKernel", TensorShape({units, columns})) ||
        !checkShape(context, 1, "kernel", TensorShape({features, columns})) ||
        !checkShape(context, 3, "bias", TensorShape({columns})) ||
        !checkShape(context, 4, "recurrentBias", TensorShape({columns})) || !checkShape(context, 5, "h0", state) ||
        (kLstm && !checkShape(context, 6, "c0", state)))
      return false;
    s->x = data(context, 0);
    s->kernel = data(context, 1);
    s->recurrentKernel = data(context, 2);
    s->bias = data(context, 3);
    s->recurrentBias = data(context, 4);
    s->h0 = data(context, 5);
    s->c0 = kLstm ? data(context, 6) : nullptr;
    return true;
  }

  TensorShape reserveShape(const Sizes& n) const { return TensorShape({n.batch, n.time, Cell::kReserveBlocks * n.units}); }

  static const float* data(OpKernelContext* context, int index) { return context->input(index).flat<float>().data(); }

  /** @returns null when the call has failed */
  static float* output(OpKernelContext* context, int index, const TensorShape& shape) {
    Tensor* tensor = nullptr;
    const auto status = context->allocate_output(index, shape, &tensor);
    if (status.ok()) return tensor->flat<float>().data();
    context->CtxFailure(status);
    return nullptr;
  }

  Options options_;

 private:
  /** An op has the options of its cell. */
  static void readOption(OpKernelConstruction* construction, const char* name, bool* option) {
    if (construction->HasAttr(name)) OP_REQUIRES_OK(construction, construction->GetAttr(name, option));
  }
};

}  // namespace onda

#include "../../../kernels/core/optimizer.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "workers.h"

// OndaOptimizer for TensorFlow on the CPU; inputs and outputs are specified in libs/kernels/src/optimizerOp.ts. Values that change
// from step to step are tensors: TensorFlow caches a kernel for every set of attributes.

namespace onda {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;

REGISTER_OP("OndaOptimizer")
    .Input("params: variables * float")
    .Input("grads: variables * float")
    .Input("slots: float")
    .Input("factors: float")
    .Output("new_params: variables * float")
    .Output("new_slots: float")
    .Attr("variables: int >= 1")
    .Attr("kind: {'adam', 'adamw', 'rmsprop', 'sgd'}")
    .Doc("Moves every variable by one step. factors: the numbers of OptimizerFactors, in its order.");

constexpr Index kFactorCount = 10;

class OptimizerKernel final : public OpKernel {
 public:
  explicit OptimizerKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    std::string kind;
    OP_REQUIRES_OK(construction, construction->GetAttr("kind", &kind));
    OP_REQUIRES_OK(construction, construction->GetAttr("variables", &count_));
    kind_ = kind == "adam"      ? OptimizerKind::kAdam
            : kind == "adamw"   ? OptimizerKind::kAdamW
            : kind == "rmsprop" ? OptimizerKind::kRmsprop
                                : OptimizerKind::kSgd;
  }

  void Compute(OpKernelContext* context) override {
    Index total = 0;
    std::vector<OptimizerVariable> variables;
    for (int index = 0; index < count_; index++) {
      const Tensor& value = context->input(index);
      const Tensor& gradient = context->input(count_ + index);
      OP_REQUIRES(context, value.shape() == gradient.shape(),
                  InvalidArgument("OndaOptimizer gradient ", index, ": expected its variable's shape ", value.shape().DebugString(),
                                  ", got ", gradient.shape().DebugString(), "; give the gradients in the order of the variables"));
      Tensor* moved = nullptr;
      OP_REQUIRES_OK(context, context->allocate_output(index, value.shape(), &moved));
      variables.push_back({value.NumElements(), value.flat<float>().data(), gradient.flat<float>().data(),
                           moved->flat<float>().data(), total});
      total += value.NumElements();
    }
    const Tensor& slots = context->input(2 * count_);
    const TensorShape slotsShape({slotCountOf(kind_) * total});
    OP_REQUIRES(context, slots.shape() == slotsShape,
                InvalidArgument("OndaOptimizer slots: expected shape ", slotsShape.DebugString(), ", got ",
                                slots.shape().DebugString(), "; start it with zeros, one or two for each weight"));
    const Tensor& factors = context->input(2 * count_ + 1);
    OP_REQUIRES(context, factors.shape() == TensorShape({kFactorCount}),
                InvalidArgument("OndaOptimizer factors: expected shape [", kFactorCount, "], got ", factors.shape().DebugString(),
                                "; call the op through its kernel in TensorFlow.js"));
    Tensor* newSlots = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(count_, slotsShape, &newSlots));

    const auto f = factors.flat<float>();
    const OptimizerFactors numbers{f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9)};
    const Workers workers(context);
    const auto run = [&](auto kind) {
      return runOptimizer<kind>(numbers, {variables.data(), static_cast<Index>(variables.size())}, slots.flat<float>().data(), newSlots->flat<float>().data(), total, workers);
    };
    OP_REQUIRES(context, withOptimizer(kind_, run),
                tensorflow::errors::ResourceExhausted("OndaOptimizer: there is not enough memory; take a smaller net"));
  }

 private:
  OptimizerKind kind_;
  int count_;
};

REGISTER_KERNEL_BUILDER(Name("OndaOptimizer").Device(tensorflow::DEVICE_CPU), OptimizerKernel);

}  // namespace onda

#include <new>

#include "../core/readoutLoss.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "workers.h"

// OndaReadoutLoss for TensorFlow's CPU: libs/nets/src/readoutLossOp.ts says what goes in and comes out.

namespace onda {

using tensorflow::OpKernel;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;

REGISTER_OP("OndaReadoutLoss")
    .Input("states: float")
    .Input("kernel: float")
    .Input("bias: float")
    .Input("target: float")
    .Output("loss: float")
    .Output("prediction: float")
    .Output("d_states: float")
    .Output("d_kernel: float")
    .Output("d_bias: float");

class ReadoutLossKernel final : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const TensorShape& states = context->input(0).shape();
    const TensorShape& kernel = context->input(1).shape();
    OP_REQUIRES(context, states.dims() == 3 && states.num_elements() > 0,
                InvalidArgument("OndaReadoutLoss input states: expected shape [batch, time, units] with every dim at least 1, got ",
                                states.DebugString(), "; give it 3 dims that are not empty"));
    OP_REQUIRES(context, kernel.dims() == 2 && kernel.num_elements() > 0 && kernel.dim_size(0) == states.dim_size(2),
                InvalidArgument("OndaReadoutLoss input kernel: expected shape [units, outputs] with ", states.dim_size(2),
                                " units, got ", kernel.DebugString(), "; its units are those of states"));
    const auto outputs = kernel.dim_size(1);
    const TensorShape target({states.dim_size(0), states.dim_size(1), outputs});
    const TensorShape bias({outputs});
    OP_REQUIRES(context, context->input(2).shape() == bias,
                InvalidArgument("OndaReadoutLoss input bias: expected shape ", bias.DebugString(), ", got ",
                                context->input(2).shape().DebugString(), "; it has a value for each output"));
    OP_REQUIRES(context, context->input(3).shape() == target,
                InvalidArgument("OndaReadoutLoss input target: expected shape ", target.DebugString(), ", got ",
                                context->input(3).shape().DebugString(), "; it has the batch and time of states"));
    const TensorShape shapes[] = {TensorShape({}), target, states, kernel, bias};
    float* results[5];
    for (int index = 0; index < 5; index++) {
      Tensor* tensor = nullptr;
      OP_REQUIRES_OK(context, context->allocate_output(index, shapes[index], &tensor));
      results[index] = tensor->flat<float>().data();
    }
    const auto data = [&](int index) { return context->input(index).flat<float>().data(); };
    try {
      runReadoutLoss({states.dim_size(0) * states.dim_size(1), states.dim_size(2), outputs, data(0), data(1), data(2),
                      data(3), results[0], results[1], results[2], results[3], results[4]},
                     Workers(context));
    } catch (const std::bad_alloc&) {
      context->CtxFailure(tensorflow::errors::ResourceExhausted(
          "OndaReadoutLoss: there is not enough memory for its sums; take a smaller batch or fewer samples at once"));
    }
  }
};

REGISTER_KERNEL_BUILDER(Name("OndaReadoutLoss").Device(tensorflow::DEVICE_CPU), ReadoutLossKernel);

}  // namespace onda

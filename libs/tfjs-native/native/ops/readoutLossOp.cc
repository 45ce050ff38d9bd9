#include "../../../kernels/core/readoutLoss.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "workers.h"

// OndaReadoutLoss for TensorFlow on the CPU; inputs and outputs are specified in libs/kernels/src/readoutLossOp.ts.

namespace onda {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;

// Without gradients the last three are empty.
REGISTER_OP("OndaReadoutLoss")
    .Input("hidden: float")
    .Input("kernel: float")
    .Input("bias: float")
    .Input("target: float")
    .Output("loss: float")
    .Output("prediction: float")
    .Output("d_hidden: float")
    .Output("d_kernel: float")
    .Output("d_bias: float")
    .Attr("kind: {'mse', 'mae', 'huber', 'gaussian', 'quantile'} = 'mse'")
    .Attr("delta: float = 1.0")
    .Attr("levels: list(float) = []")
    .Attr("gradients: bool = true");

class ReadoutLossKernel final : public OpKernel {
 public:
  explicit ReadoutLossKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    std::string kind;
    OP_REQUIRES_OK(construction, construction->GetAttr("kind", &kind));
    OP_REQUIRES_OK(construction, construction->GetAttr("delta", &loss_.delta));
    OP_REQUIRES_OK(construction, construction->GetAttr("levels", &levels_));
    OP_REQUIRES_OK(construction, construction->GetAttr("gradients", &gradients_));
    loss_.kind = kind == "mse"        ? LossKind::kMse
                 : kind == "mae"      ? LossKind::kMae
                 : kind == "huber"    ? LossKind::kHuber
                 : kind == "gaussian" ? LossKind::kGaussian
                                      : LossKind::kQuantile;
    loss_.levels = levels_.data();
    loss_.levelCount = static_cast<Index>(levels_.size());
    OP_REQUIRES(construction, loss_.blocks() > 0,
                InvalidArgument("OndaReadoutLoss levels: expected one or more for the loss quantile, got none; give it some"));
  }

  void Compute(OpKernelContext* context) override {
    const TensorShape& hidden = context->input(0).shape();
    const TensorShape& target = context->input(3).shape();
    OP_REQUIRES(context, hidden.dims() == 3 && hidden.num_elements() > 0,
                InvalidArgument("OndaReadoutLoss input hidden: expected shape [batch, time, units] with every dim at least 1, got ",
                                hidden.DebugString(), "; give it 3 dims that are not empty"));
    OP_REQUIRES(context,
                target.dims() == 3 && target.num_elements() > 0 && target.dim_size(0) == hidden.dim_size(0) &&
                    target.dim_size(1) == hidden.dim_size(1),
                InvalidArgument("OndaReadoutLoss input target: expected shape [batch, time, outputs] with the batch and time of ",
                                hidden.DebugString(), ", got ", target.DebugString(), "; it has a value for every sample"));
    const auto columns = loss_.blocks() * target.dim_size(2);
    const TensorShape kernel({hidden.dim_size(2), columns});
    const TensorShape bias({columns});
    OP_REQUIRES(context, context->input(1).shape() == kernel,
                InvalidArgument("OndaReadoutLoss input kernel: expected shape ", kernel.DebugString(), ", got ",
                                context->input(1).shape().DebugString(), "; its sizes must fit hidden, target and loss"));
    OP_REQUIRES(context, context->input(2).shape() == bias,
                InvalidArgument("OndaReadoutLoss input bias: expected shape ", bias.DebugString(), ", got ",
                                context->input(2).shape().DebugString(), "; its sizes must fit target and loss"));
    const TensorShape nothing({0});
    const TensorShape prediction({hidden.dim_size(0), hidden.dim_size(1), columns});
    const TensorShape* const shapes[] = {nullptr, &prediction, gradients_ ? &hidden : &nothing, gradients_ ? &kernel : &nothing,
                                         gradients_ ? &bias : &nothing};
    float* results[5];
    for (int index = 0; index < 5; index++) {
      Tensor* tensor = nullptr;
      OP_REQUIRES_OK(context, context->allocate_output(index, index == 0 ? TensorShape({}) : *shapes[index], &tensor));
      results[index] = tensor->flat<float>().data();
    }
    const auto data = [&](int index) { return context->input(index).flat<float>().data(); };
    const bool enough =
        runReadoutLoss({loss_, hidden.dim_size(0) * hidden.dim_size(1), hidden.dim_size(2), target.dim_size(2), data(0), data(1),
                      data(2), data(3), results[0], results[1], gradients_ ? results[2] : nullptr, results[3], results[4]},
                       Workers(context));
    OP_REQUIRES(context, enough,
                tensorflow::errors::ResourceExhausted(
                    "OndaReadoutLoss: there is not enough memory for its sums; take a smaller batch or fewer samples at once"));
  }

 private:
  Loss loss_;
  /** What loss_ points to. */
  std::vector<float> levels_;
  bool gradients_;
};

REGISTER_KERNEL_BUILDER(Name("OndaReadoutLoss").Device(tensorflow::DEVICE_CPU), ReadoutLossKernel);

}  // namespace onda

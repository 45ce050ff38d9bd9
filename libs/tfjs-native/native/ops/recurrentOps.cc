#include "../../../kernels/core/backward.h"
#include "../../../kernels/core/forward.h"
#include "../../../kernels/core/gruCell.h"
#include "../../../kernels/core/rnnCell.h"
#include "recurrentKernel.h"
#include "tensorflow/core/framework/op.h"
#include "workers.h"

// The recurrent ops for TensorFlow on the CPU, forward and backward; inputs and outputs are specified in
// libs/kernels/src/recurrentOp.ts. This file handles the tensors; the computation is in libs/kernels/core.

namespace onda {

// Attributes with their default value are omitted from a call: each costs a microsecond in tfjs-node. For the same reason each cell has
// its own op name instead of an attribute.

#define ONDA_FORWARD_OP(NAME)          \
  REGISTER_OP(NAME)                    \
      .Input("x: float")               \
      .Input("kernel: float")          \
      .Input("recurrent_kernel: float") \
      .Input("bias: float")            \
      .Input("recurrent_bias: float")  \
      .Input("h0: float")

#define ONDA_BACKWARD_OUTPUTS           \
  Output("dx: float")                   \
      .Output("d_kernel: float")        \
      .Output("d_recurrent_kernel: float") \
      .Output("d_bias: float")          \
      .Output("d_recurrent_bias: float") \
      .Output("dh0: float")

ONDA_FORWARD_OP("OndaRnn")
    .Output("y: float")
    .Output("h: float")
    .Output("reserve: float")
    .Attr("relu: bool = false")
    .Attr("reverse: bool = false")
    .Attr("training: bool = true");

ONDA_FORWARD_OP("OndaLstm")
    .Input("c0: float")
    .Output("y: float")
    .Output("h: float")
    .Output("c: float")
    .Output("reserve: float")
    .Attr("reverse: bool = false")
    .Attr("training: bool = true");

ONDA_FORWARD_OP("OndaGru")
    .Output("y: float")
    .Output("h: float")
    .Output("reserve: float")
    .Attr("reset_after: bool = true")
    .Attr("reverse: bool = false")
    .Attr("training: bool = true");

ONDA_FORWARD_OP("OndaRnnGrad")
    .Input("y: float")
    .Input("reserve: float")
    .Input("dy: float")
    .Input("dh: float")
    .ONDA_BACKWARD_OUTPUTS.Attr("relu: bool = false")
    .Attr("reverse: bool = false")
    .Attr("input_gradient: bool = true");

ONDA_FORWARD_OP("OndaLstmGrad")
    .Input("c0: float")
    .Input("y: float")
    .Input("reserve: float")
    .Input("dy: float")
    .Input("dh: float")
    .Input("dc: float")
    .ONDA_BACKWARD_OUTPUTS.Output("dc0: float")
    .Attr("reverse: bool = false")
    .Attr("input_gradient: bool = true");

ONDA_FORWARD_OP("OndaGruGrad")
    .Input("y: float")
    .Input("reserve: float")
    .Input("dy: float")
    .Input("dh: float")
    .ONDA_BACKWARD_OUTPUTS.Attr("reset_after: bool = true")
    .Attr("reverse: bool = false")
    .Attr("input_gradient: bool = true");

template <class Cell>
class ForwardKernel final : public RecurrentKernel<Cell> {
 public:
  using RecurrentKernel<Cell>::RecurrentKernel;

 private:
  bool run(OpKernelContext* context) override {
    constexpr bool lstm = this->kLstm;
    const bool training = this->options_.training;
    Sequence s;
    if (!this->read(context, &s)) return false;
    const Sizes& n = s.sizes;
    const TensorShape state({n.batch, n.units});
    ForwardResults out{};
    out.y = this->output(context, 0, TensorShape({n.batch, n.time, n.units}));
    out.h = this->output(context, 1, state);
    if constexpr (lstm) out.c = this->output(context, 2, state);
    float* reserve = this->output(context, lstm ? 3 : 2, training ? this->reserveShape(n) : TensorShape({0}));
    if (!context->status().ok()) return false;
    out.reserve = training ? reserve : nullptr;
    return runForward<Cell>(s, out, Workers(context));
  }
};

template <class Cell>
class BackwardKernel final : public RecurrentKernel<Cell> {
 public:
  using RecurrentKernel<Cell>::RecurrentKernel;

 private:
  bool run(OpKernelContext* context) override {
    constexpr bool lstm = this->kLstm;
    constexpr int first = this->kForwardInputs;
    const bool inputGradient = this->options_.inputGradient;
    Sequence s;
    if (!this->read(context, &s)) return false;
    const Sizes& n = s.sizes;
    const TensorShape sequence({n.batch, n.time, n.units});
    const TensorShape state({n.batch, n.units});
    if (!this->checkShape(context, first, "y", sequence) ||
        !this->checkShape(context, first + 1, "reserve", this->reserveShape(n)) ||
        !this->checkShape(context, first + 2, "dy", sequence) || !this->checkShape(context, first + 3, "dh", state) ||
        (lstm && !this->checkShape(context, first + 4, "dc", state)))
      return false;
    BackwardInputs in{};
    in.y = this->data(context, first);
    in.reserve = this->data(context, first + 1);
    in.dy = this->data(context, first + 2);
    in.dh = this->data(context, first + 3);
    if constexpr (lstm) in.dc = this->data(context, first + 4);

    BackwardResults out{};
    float* dx = this->output(context, 0, inputGradient ? context->input(0).shape() : TensorShape({0}));
    out.dx = inputGradient ? dx : nullptr;
    out.dKernel = this->output(context, 1, context->input(1).shape());
    out.dRecurrentKernel = this->output(context, 2, context->input(2).shape());
    out.dBias = this->output(context, 3, context->input(3).shape());
    out.dRecurrentBias = this->output(context, 4, context->input(4).shape());
    out.dh0 = this->output(context, 5, state);
    if constexpr (lstm) out.dc0 = this->output(context, 6, state);
    if (!context->status().ok()) return false;
    return runBackward<Cell>(s, in, out, Workers(context));
  }
};

REGISTER_KERNEL_BUILDER(Name("OndaRnn").Device(tensorflow::DEVICE_CPU), ForwardKernel<RnnCell>);
REGISTER_KERNEL_BUILDER(Name("OndaLstm").Device(tensorflow::DEVICE_CPU), ForwardKernel<LstmCell>);
REGISTER_KERNEL_BUILDER(Name("OndaGru").Device(tensorflow::DEVICE_CPU), ForwardKernel<GruCell>);
REGISTER_KERNEL_BUILDER(Name("OndaRnnGrad").Device(tensorflow::DEVICE_CPU), BackwardKernel<RnnCell>);
REGISTER_KERNEL_BUILDER(Name("OndaLstmGrad").Device(tensorflow::DEVICE_CPU), BackwardKernel<LstmCell>);
REGISTER_KERNEL_BUILDER(Name("OndaGruGrad").Device(tensorflow::DEVICE_CPU), BackwardKernel<GruCell>);

}  // namespace onda

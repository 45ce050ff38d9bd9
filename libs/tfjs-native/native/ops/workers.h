#pragma once

#include "../../../kernels/core/parallel.h"
#include "tensorflow/core/framework/op_kernel.h"

namespace onda {

/** TensorFlow's own threads. The calling thread works too; it never waits for work that no other one has begun. */
class Workers final : public Parallel {
 public:
  explicit Workers(tensorflow::OpKernelContext* context);
  Index threads() const override { return threads_; }
  void run(Index count, Task task) const override;

 private:
  tensorflow::thread::ThreadPool* pool_;
  Index threads_;
};

}  // namespace onda

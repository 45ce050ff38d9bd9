#include "workers.h"

#include <atomic>
#include <memory>
#include <thread>

#include "tensorflow/core/framework/device_base.h"

namespace onda {

namespace {

/** One call of `run`. A thread that comes late finds nothing left to take and never touches the task. */
struct Job {
  const std::function<void(Index)>* task;
  Index count;
  std::atomic<Index> taken{0};
  std::atomic<Index> done{0};

  void work() {
    for (Index index = taken++; index < count; index = taken++) {
      (*task)(index);
      done.fetch_add(1, std::memory_order_release);
    }
  }
};

}  // namespace

Workers::Workers(tensorflow::OpKernelContext* context) {
  const auto* workers = context->device()->tensorflow_cpu_worker_threads();
  pool_ = workers == nullptr ? nullptr : workers->workers;
  threads_ = pool_ == nullptr ? 1 : workers->num_threads;
}

void Workers::run(Index count, const std::function<void(Index)>& task) const {
  if (count == 1 || pool_ == nullptr) {
    for (Index index = 0; index < count; index++) task(index);
    return;
  }
  const auto job = std::make_shared<Job>();
  job->task = &task;
  job->count = count;
  for (Index index = 1; index < count; index++) pool_->Schedule([job] { job->work(); });
  job->work();
  // The others end at about the same time; a wait in the kernel would cost more than what is left.
  while (job->done.load(std::memory_order_acquire) < count) std::this_thread::yield();
}

}  // namespace onda

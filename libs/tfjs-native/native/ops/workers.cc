#include "workers.h"

#include <atomic>
#include <memory>
#include <thread>
#include <chrono>
#include <cstdio>
static double sumStart=0,sumWait=0,sumMine=0;static int nRuns=0;
static double nowUs(){return std::chrono::duration<double,std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();}

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
  const double t0=nowUs(); for (Index index = 1; index < count; index++) pool_->Schedule([job,t0] { sumStart+=nowUs()-t0; job->work(); });
  const double t1=nowUs(); job->work(); const double t2=nowUs();
  // The others end at about the same time; a wait in the kernel would cost more than what is left.
  while (job->done.load(std::memory_order_acquire) < count) std::this_thread::yield();
  sumWait+=nowUs()-t2; sumMine+=t2-t1; if(++nRuns%500==0){ std::fprintf(stderr,"runs %d start %.1f mine %.1f wait %.1f sched %.1f\n",nRuns,sumStart/500,sumMine/500,sumWait/500,t1-t0); sumStart=sumWait=sumMine=0;}
}

}  // namespace onda

#include "workers.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "tensorflow/core/framework/device_base.h"

namespace onda {

namespace {

/**
 * Threads of TensorFlow's pool that help with the tasks of an op and spin for a moment after it: waking a sleeping thread costs about 25
 * microseconds on both sides, more than the time between two ops of a training step. An op never waits for a thread to start: the
 * calling thread runs the tasks that no thread has started.
 */
class Crew {
 public:
  /** Never destroyed: a helper may be about to leave when the process ends. */
  static Crew& shared() {
    static Crew* const crew = new Crew;
    return *crew;
  }

  /** @returns false, with nothing done, when another thread's op has the crew */
  bool run(tensorflow::thread::ThreadPool* pool, Index threads, Index count, Task task) {
    const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    task_ = &task;
    done_.store(0, std::memory_order_relaxed);
    left_.store(static_cast<std::uint64_t>(count), std::memory_order_release);
    for (Index helpers = helpers_.load(); helpers < std::min(threads, count) - 1; helpers++) {
      helpers_++;
      pool->Schedule([this] { help(); });
    }
    while (workOnce()) {
    }
    while (done_.load(std::memory_order_acquire) < count) pause();
    return true;
  }

 private:
  /** Takes a task if one is left. A claimed task keeps `run` from returning, so what it points to is there. */
  bool workOnce() {
    std::uint64_t left = left_.load(std::memory_order_acquire);
    while (left > 0 && !left_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel)) {
    }
    if (left == 0) return false;
    (*task_)(static_cast<Index>(left - 1));
    done_.fetch_add(1, std::memory_order_release);
    return true;
  }

  void help() {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::microseconds kStay(300);
    auto last = Clock::now();
    while (Clock::now() - last < kStay) {
      if (workOnce()) last = Clock::now();
      else pause();
    }
    helpers_--;
  }

  /** A microsecond or less; on a machine with other work the other work's. */
  static void pause() {
    for (int i = 0; i < 16; i++) __builtin_ia32_pause();
    std::this_thread::yield();
  }

  std::mutex mutex_;
  const Task* task_ = nullptr;
  /** Tasks that no thread has started. */
  std::atomic<std::uint64_t> left_{0};
  std::atomic<Index> done_{0};
  std::atomic<Index> helpers_{0};
};

}  // namespace

Workers::Workers(tensorflow::OpKernelContext* context) {
  const auto* workers = context->device()->tensorflow_cpu_worker_threads();
  pool_ = workers == nullptr ? nullptr : workers->workers;
  threads_ = pool_ == nullptr ? 1 : workers->num_threads;
}

void Workers::run(Index count, Task task) const {
  if (count > 1 && threads_ > 1 && Crew::shared().run(pool_, threads_, count, task)) return;
  for (Index index = 0; index < count; index++) task(index);
}

}  // namespace onda

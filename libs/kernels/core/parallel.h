#pragma once

#include "vector.h"

namespace onda {

/** A reference to a callable `void(Index)`; unlike std::function it never allocates. The callable must outlive it. */
class Task {
 public:
  template <class Work>
  Task(const Work& work)
      : work_(&work), call_([](const void* target, Index index) { (*static_cast<const Work*>(target))(index); }) {}
  void operator()(Index index) const { call_(work_, index); }

 private:
  const void* work_;
  void (*call_)(const void*, Index);
};

/** Threads to share work out to. */
class Parallel {
 public:
  /** 1 or more. */
  virtual Index threads() const = 0;
  /** Calls `task(0)` to `task(count - 1)`, each once and in any order, and returns when all have ended. */
  virtual void run(Index count, Task task) const = 0;

 protected:
  ~Parallel() = default;
};

/** The calling thread alone. */
class NotParallel final : public Parallel {
 public:
  Index threads() const override { return 1; }
  void run(Index count, Task task) const override {
    for (Index index = 0; index < count; index++) task(index);
  }
};

}  // namespace onda

#pragma once

#include <functional>

#include "vector.h"

namespace onda {

/** Threads to share work out to. */
class Parallel {
 public:
  virtual ~Parallel() = default;
  /** 1 or more. */
  virtual Index threads() const = 0;
  /** Calls `task(0)` to `task(count - 1)`, each once and in any order, and returns when all have ended. */
  virtual void run(Index count, const std::function<void(Index)>& task) const = 0;
};

/** The calling thread alone. */
class NotParallel final : public Parallel {
 public:
  Index threads() const override { return 1; }
  void run(Index count, const std::function<void(Index)>& task) const override {
    for (Index index = 0; index < count; index++) task(index);
  }
};

}  // namespace onda

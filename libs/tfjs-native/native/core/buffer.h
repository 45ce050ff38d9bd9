#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "vector.h"

namespace onda {

/** Memory for floats, aligned to a cache line. Its initial values are undefined. */
class Buffer {
 public:
  /** @throws std::bad_alloc */
  explicit Buffer(Index count) {
    constexpr std::size_t kLine = 64;
    const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(float) + kLine - 1) / kLine * kLine;
    data_.reset(static_cast<float*>(std::aligned_alloc(kLine, bytes == 0 ? kLine : bytes)));
    if (data_ == nullptr) throw std::bad_alloc();
  }

  float* get() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* data) const { std::free(data); }
  };
  std::unique_ptr<float, Free> data_;
};

}  // namespace onda

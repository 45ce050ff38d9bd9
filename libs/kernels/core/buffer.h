#pragma once

#include <cstdlib>
#include <limits>
#include <utility>

#include "vector.h"

namespace onda {

/**
 * Memory for values, aligned to a cache line, with undefined initial values. Without enough memory it is not `ok()`: the core uses no
 * exceptions, so that it also compiles without them.
 */
template <class Value>
class BufferOf {
 public:
  /** Empty, and ok. */
  BufferOf() = default;

  explicit BufferOf(Index count) {
    constexpr std::size_t kLine = 64;
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / sizeof(Value) - kLine;
    if (count >= 0 && static_cast<std::size_t>(count) < kMost) {
      const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(Value) + kLine - 1) / kLine * kLine;
      data_ = static_cast<Value*>(std::aligned_alloc(kLine, bytes == 0 ? kLine : bytes));
    }
    ok_ = data_ != nullptr;
  }

  BufferOf(BufferOf&& other) noexcept : data_(std::exchange(other.data_, nullptr)), ok_(other.ok_) {}
  BufferOf& operator=(BufferOf&& other) noexcept {
    std::swap(data_, other.data_);
    ok_ = other.ok_;
    return *this;
  }
  ~BufferOf() { std::free(data_); }

  bool ok() const { return ok_; }
  Value* get() const { return data_; }
  Value& operator[](Index index) const { return data_[index]; }

 private:
  Value* data_ = nullptr;
  bool ok_ = true;
};

using Buffer = BufferOf<float>;

/** Up to `Capacity` items without an allocation. */
template <class Item, Index Capacity>
class FixedList {
 public:
  void add(Item&& item) { items_[count_++] = std::move(item); }
  const Item* begin() const { return items_; }
  const Item* end() const { return items_ + count_; }

 private:
  Item items_[Capacity];
  Index count_ = 0;
};

}  // namespace onda

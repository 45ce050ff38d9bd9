#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__) || defined(__AVX__)
#include <immintrin.h>
#endif

// One SIMD register of floats, as wide as those of the target machine. The arithmetic uses GCC's vector extension; only
// partial loads and stores need intrinsics.

namespace onda {

using Index = std::ptrdiff_t;

#if defined(__AVX512F__)
constexpr Index kLanes = 16;
#elif defined(__AVX__)
constexpr Index kLanes = 8;
#else
constexpr Index kLanes = 4;
#endif

typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));
typedef std::int32_t IntVector __attribute__((vector_size(kLanes * sizeof(float))));
typedef double DoubleVector __attribute__((vector_size(kLanes * sizeof(double))));

/** How many lanes of a register hold values: all of them ... */
struct AllLanes {};
/** ... or the first `count`. The others read as zeros and are never written. */
struct SomeLanes {
  Index count;
};

// Subtraction, since x + 0 would turn -0 into +0 and the compiler would not emit a plain broadcast.
inline Vector broadcast(float value) { return value - Vector{}; }

inline Vector load(const float* from, AllLanes = {}) {
  Vector value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

inline void store(float* to, Vector value, AllLanes = {}) { std::memcpy(to, &value, sizeof(value)); }

#if defined(__AVX512F__)

inline __mmask16 maskOf(SomeLanes lanes) { return static_cast<__mmask16>((1u << lanes.count) - 1u); }

inline Vector load(const float* from, SomeLanes lanes) {
  return reinterpret_cast<Vector>(_mm512_maskz_loadu_ps(maskOf(lanes), from));
}

inline void store(float* to, Vector value, SomeLanes lanes) {
  _mm512_mask_storeu_ps(to, maskOf(lanes), reinterpret_cast<__m512>(value));
}

#elif defined(__AVX__)

inline __m256i maskOf(SomeLanes lanes) {
  static constexpr std::int32_t kMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMasks + 8 - lanes.count));
}

inline Vector load(const float* from, SomeLanes lanes) {
  return reinterpret_cast<Vector>(_mm256_maskload_ps(from, maskOf(lanes)));
}

inline void store(float* to, Vector value, SomeLanes lanes) {
  _mm256_maskstore_ps(to, maskOf(lanes), reinterpret_cast<__m256>(value));
}

#else

inline Vector load(const float* from, SomeLanes lanes) {
  Vector value{};
  for (Index lane = 0; lane < lanes.count; lane++) value[lane] = from[lane];
  return value;
}

inline void store(float* to, Vector value, SomeLanes lanes) {
  for (Index lane = 0; lane < lanes.count; lane++) to[lane] = value[lane];
}

#endif

/** Calls `work(at, lanes)` for every register of `count` contiguous values. */
template <class Work>
inline void forLanes(Index count, Work&& work) {
  Index at = 0;
  for (; at + kLanes <= count; at += kLanes) work(at, AllLanes{});
  if (at < count) work(at, SomeLanes{count - at});
}

inline Vector sqrtOf(Vector value) {
  // Compiled to one instruction.
  for (Index lane = 0; lane < kLanes; lane++) value[lane] = __builtin_sqrtf(value[lane]);
  return value;
}

}  // namespace onda

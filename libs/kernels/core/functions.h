#pragma once

#include "vector.h"

// tanh and the logistic function of a register of values, accurate to 2 ulp. NaN gives NaN.

namespace onda {

/** `value` between the limits; a NaN stays, since it compares as neither. */
inline Vector clamp(Vector value, float limit) {
  const Vector above = broadcast(limit);
  const Vector below = broadcast(-limit);
  value = value > above ? above : value;
  return value < below ? below : value;
}

/**
 * e^x - 1 for |x| of 87 at most: x = k ln 2 + r, Taylor's series to r^7 for |r| <= (ln 2) / 2, where the next term is 1.5e-8 of
 * the sum. Not e^x: near zero tanh would lose its digits.
 */
inline Vector expMinusOne(Vector x) {
  // Adding and subtracting it rounds to a whole number, which is in the lowest bits of the sum.
  const Vector shift = broadcast(12582912.0f);
  const Vector shifted = x * 1.44269504088896341f + shift;
  const Vector k = shifted - shift;
  // ln 2 in two parts: k times the first has no rounding error.
  const Vector r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
  Vector series = r * (1.0f / 5040) + 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  series = series * r + 1.0f;
  series = series * r;
  const IntVector bits = (reinterpret_cast<IntVector>(shifted) << 23) + (127 << 23);
  const Vector power = reinterpret_cast<Vector>(bits);
  return power * series + (power - 1.0f);
}

inline Vector tanhOf(Vector x) {
  // Above 9.02 tanh is 1 in float32.
  const Vector e = expMinusOne(clamp(x, 10.0f) * 2.0f);
  return e / (e + 2.0f);
}

inline Vector sigmoidOf(Vector x) {
  // Beyond this bound e^x is outside the range of float32.
  return 1.0f / (expMinusOne(clamp(-x, 87.0f)) + 2.0f);
}

inline Vector reluOf(Vector x) {
  // Written so that NaN is preserved.
  return x < 0.0f ? Vector{} : x;
}

}  // namespace onda

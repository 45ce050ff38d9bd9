/** The largest finite half float. */
export const largestHalf = 65504;

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The half float (IEEE 754 binary16) nearest to a value, as bits. Ties go to even; values beyond the largest half become infinity. */
export function floatToHalf(value: number): number {
  scratch[0] = value;
  const [bits] = scratchBits;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  // Subnormal halves (below 2^-14) lose more of the fraction's low bits.
  const shift = exponent < 113 ? 126 - exponent : 13;
  if (shift > 24) return sign;
  const whole = exponent < 113 ? fraction | 0x800000 : fraction | ((exponent - 112) << 23);
  const kept = whole >>> shift;
  const rest = whole & (2 ** shift - 1);
  const half = 2 ** (shift - 1);
  // Rounding up may carry into the exponent; the bit pattern is right then too.
  const rounded = rest > half || (rest === half && kept % 2 === 1) ? kept + 1 : kept;
  return sign | Math.min(rounded, 0x7c00);
}

/** The value of a half float (IEEE 754 binary16) given as bits. */
export function halfToFloat(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The largest half float. */
export const largestHalf = 65504;

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The bits of the half float (IEEE 754 binary16) next to a value, ties to even; beyond the largest it is an infinity. */
export function floatToHalf(value: number): number {
  scratch[0] = value;
  const [bits] = scratchBits;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  // Beside 2^-14, the smallest normal half float, the fraction's last bits fall off further to the left.
  const shift = exponent < 113 ? 126 - exponent : 13;
  if (shift > 24) return sign;
  const whole = exponent < 113 ? fraction | 0x800000 : fraction | ((exponent - 112) << 23);
  const kept = whole >>> shift;
  const rest = whole & (2 ** shift - 1);
  const half = 2 ** (shift - 1);
  // Rounding up may carry into the exponent, which is what it should do.
  const rounded = rest > half || (rest === half && kept % 2 === 1) ? kept + 1 : kept;
  return sign | Math.min(rounded, 0x7c00);
}

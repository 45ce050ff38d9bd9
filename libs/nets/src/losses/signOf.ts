/** 1 above zero, -1 below, 0 at zero; NaN stays NaN. */
export function signOf(value: number): number {
  return value > 0 ? 1 : value < 0 ? -1 : value;
}

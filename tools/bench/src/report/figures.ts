/** A measured number for people: three digits, no exponent. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** From the least to the greatest: `0.21 – 0.35`. */
export function figureRange(min: number, max: number): string {
  return `${figure(min)} – ${figure(max)}`;
}

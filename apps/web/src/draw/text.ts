const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number with thousands separators: `1,153`. */
export function countText(value: number): string {
  return counts.format(value);
}

/** A file's size: `5.1 KiB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const [size, unit] = bytes < 1024 ** 2 ? [bytes / 1024, 'KiB'] : [bytes / 1024 ** 2, 'MiB'];
  return `${size.toFixed(1)} ${unit}`;
}

/** A number to three digits, whatever its size: `0.0842`, `1.23e-5`, `152`. A dash for NaN. */
export function smallText(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size < 1e-3 || size >= 1e5 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
  return text.replace('-', '−').replace('e−', 'e-');
}

/** A value as the table shows it: six digits after the point. */
export function valueText(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(6);
}

import type { LayersArtifacts } from './artifacts.ts';

/** The weights' bytes in one piece; those that are in one piece already are not copied. */
export function weightBytes(data: LayersArtifacts['weightData']): Uint8Array {
  const parts = (data instanceof ArrayBuffer ? [data] : (data ?? [])).map((part) => new Uint8Array(part));
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

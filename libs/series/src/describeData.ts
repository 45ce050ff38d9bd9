import { canonicalJson } from '@onda/contract';
import type { DataConfig } from '@onda/contract';

/** The bytes that stand for made data: everything that its values follow from, as canonical JSON. */
export function describeData(data: DataConfig, more: Record<string, number>): Uint8Array {
  return new TextEncoder().encode(canonicalJson({ ...data, ...more }));
}

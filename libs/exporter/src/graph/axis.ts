import { attribute } from '@onda/onnx';
import type { Attribute } from '@onda/onnx';

/** The attribute `axis`. */
export function axis(value: number): { axis: Attribute } {
  return { axis: attribute.int(value) };
}

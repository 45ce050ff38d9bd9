import { floatTensor } from '@onda/onnx';
import type { GraphBuilder } from './graphBuilder.ts';

/** A constant float32 without dims; equal ones are one constant. Returns its name. */
export function scalar(builder: GraphBuilder, value: number): string {
  const name = `float32.${value}`;
  return builder.shared(name, () => floatTensor(name, [], Float32Array.of(value)));
}

import { attribute } from '@onda/onnx';
import type { GraphBuilder } from './graphBuilder.ts';
import type { Value } from './value.ts';

/** Codes of ONNX's element types, as Cast names them. */
const codes = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/** The value in another element type; itself when it has that already. */
export function cast(builder: GraphBuilder, name: string, x: Value, type: keyof typeof codes): Value {
  if (x.type === type) return x;
  return builder.single(name, 'Cast', [x], { ...x, type }, { to: attribute.int(codes[type]) });
}

import { attribute } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { Activation } from './recurrentWeights.ts';

/** A recurrent operator's activation as a node of its own; none for Affine with alpha 1 and beta 0, which changes nothing. */
export function emitFunction(
  builder: GraphBuilder,
  name: string,
  { name: op, alpha, beta }: Activation,
  value: Value,
): Value {
  if (op === 'Affine' && alpha === 1 && beta === 0) return value;
  return builder.single(name, op, [value], value, {
    ...(alpha !== undefined && { alpha: attribute.float(alpha) }),
    ...(beta !== undefined && { beta: attribute.float(beta) }),
  });
}

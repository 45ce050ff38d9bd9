import type { Attribute } from '@onda/onnx';
import { attribute, floatTensor } from '@onda/onnx';
import type { ConstantHolder, GraphBuilder, OutputSpec } from '../graph/graphBuilder.ts';
import { scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { CompactedMask } from './maskedSequences.ts';
import { maskedFinalState } from './maskedSequences.ts';
import type { Activation } from './recurrentActivations.ts';
import type { RecurrentWeights } from './recurrentWeights.ts';
import { gateCounts } from './recurrentWeights.ts';

/** Initial or final states of a recurrent node, each [directions, batch, units]; c of an LSTM only. */
export interface RecurrentStates {
  readonly h: Value;
  readonly c?: Value | undefined;
}

/** Outputs of a recurrent node: y [time, directions, batch, units], h and c [directions, batch, units]; c of an LSTM only. */
export interface RecurrentRun {
  readonly y: Value;
  readonly states: RecurrentStates;
}

/** Names of a node's weights in the graph, so that nodes can share them. */
export interface RecurrentConstants {
  readonly W: string;
  readonly R: string;
  /** '' for a layer without bias. */
  readonly B: string;
}

/** Adds the weights of a layer as constants, directions concatenated. */
export function recurrentConstants(
  holder: ConstantHolder,
  name: string,
  directions: readonly RecurrentWeights[],
): RecurrentConstants {
  const [{ cell, units, features }] = directions;
  const rows = gateCounts[cell] * units;
  const count = directions.length;
  const joined = (parts: readonly Float32Array[]): Float32Array => {
    if (parts.length === 1) return parts[0];
    const whole = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  };
  const constant = (part: string, dims: number[], data: Float32Array): string =>
    holder.constant(floatTensor(`${name}/${part}`, dims, data));
  const biases = directions.flatMap(({ bias, recurrentBias }) =>
    [bias, recurrentBias].map((value) => value ?? new Float32Array(rows)),
  );
  const biased = directions.some(({ bias, recurrentBias }) => bias !== null || recurrentBias !== null);
  return {
    W: constant('W', [count, rows, features], joined(directions.map(({ kernel }) => kernel))),
    R: constant('R', [count, rows, units], joined(directions.map(({ recurrentKernel }) => recurrentKernel))),
    B: biased ? constant('B', [count, 2 * rows], joined(biases)) : '',
  };
}

const ops = { rnn: 'RNN', lstm: 'LSTM', gru: 'GRU' } as const;

export interface RecurrentNode {
  readonly name: string;
  /** One, or forward and backward. */
  readonly directions: readonly RecurrentWeights[];
  /** Of a single direction: runs from the end. */
  readonly reverse?: boolean;
  readonly constants: RecurrentConstants;
  /** Time-major, [time, batch, features]. */
  readonly x: Value;
  /** Zeros by default. */
  readonly states?: RecurrentStates | undefined;
  /** Unmasked samples, which are at the front of x (maskedSequences.ts). All by default. */
  readonly counted?: CompactedMask | undefined;
}

/**
 * Adds one RNN, LSTM or GRU node.
 *
 * Every attribute is explicit: some providers check only attributes that are present.
 */
export function emitRecurrent(builder: GraphBuilder, node: RecurrentNode): RecurrentRun {
  const { name, directions, constants, x, states, counted } = node;
  const [{ cell, units, scale = 1 }] = directions;
  const [time, batch] = x.shape;
  const times = (part: string, value: Value, factor: number): Value =>
    scale === 1 ? value : builder.single(`${name}/${part}`, 'Mul', [value, scalar(builder, factor)], value);
  const start = (state: 'h' | 'c'): Value | string => {
    const value = states?.[state];
    return value === undefined ? '' : times(`initial_${state}`, value, 1 / scale);
  };
  const stateShape = [directions.length, batch, units];
  const outputs: OutputSpec[] = [
    { part: 'Y', shape: [time, directions.length, batch, units], optional: true },
    { part: 'Y_h', shape: stateShape, optional: true },
  ];
  if (cell === 'lstm') outputs.push({ part: 'Y_c', shape: stateShape, optional: true });
  const [y, h, c] = builder.node({
    name,
    op: ops[cell],
    inputs: [x, constants.W, constants.R, constants.B, counted?.lengths ?? '', start('h'), start('c')],
    outputs,
    attributes: recurrentAttributes(directions, node.reverse ?? false),
  });
  const final = (state: 'h' | 'c', value: Value): Value => {
    const end = times(`scaled_${state}`, value, scale);
    return counted === undefined
      ? end
      : maskedFinalState(builder, `${name}/final_${state}`, end, states?.[state], counted);
  };
  return {
    y: times('scaled', y, scale),
    states: cell === 'lstm' ? { h: final('h', h), c: final('c', c) } : { h: final('h', h) },
  };
}

function recurrentAttributes(
  directions: readonly RecurrentWeights[],
  reverse: boolean,
): Record<string, Attribute> {
  const [first] = directions;
  const activations = directions.flatMap((direction) => direction.activations);
  const numbers = (key: 'alpha' | 'beta'): number[] =>
    activations.flatMap((activation: Activation) => activation[key] ?? []);
  const [alphas, betas] = [numbers('alpha'), numbers('beta')];
  const oneWay = reverse ? 'reverse' : 'forward';
  return {
    direction: attribute.string(directions.length === 2 ? 'bidirectional' : oneWay),
    hidden_size: attribute.int(first.units),
    layout: attribute.int(0),
    activations: attribute.strings(activations.map(({ name }) => name)),
    ...(alphas.length > 0 && { activation_alpha: attribute.floats(alphas) }),
    ...(betas.length > 0 && { activation_beta: attribute.floats(betas) }),
    ...(first.cell === 'gru' && { linear_before_reset: attribute.int(first.linearBeforeReset ? 1 : 0) }),
    ...(first.cell === 'lstm' && { input_forget: attribute.int(0) }),
  };
}

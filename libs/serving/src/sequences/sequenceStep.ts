import { OndaError } from '@onda/contract';
import type { SequenceControl } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import type { Batcher, RunOptions } from '../batcher.ts';
import type { ModelSignature } from '../models/modelSignature.ts';
import type { ModelStats } from '../modelStats.ts';
import { takeRows } from '../tensorRows.ts';
import type { LastStep, Tensors } from './sequenceStore.ts';
import type { StateLayout } from './stateLayout.ts';

/** The parts of a model version that a step needs. */
export interface StepModel {
  readonly name: string;
  readonly version: string;
  /** Identity of the states: only a version with the same key can continue its sequences. */
  readonly sequenceKey: string;
  readonly layout: StateLayout;
  readonly batcher: Pick<Batcher, 'run'>;
  readonly signature: Pick<ModelSignature, 'controls' | 'outputs' | 'states'>;
  readonly stats: Pick<ModelStats, 'pinned'>;
}

/** The versions of the model that the sequences belong to. */
export interface SequenceVersions<Version> {
  /**
   * The version on which new sequences start.
   *
   * @throws ProtocolError 404 or 503 if none is served
   */
  serving(version: string | undefined): Version;
  /** Finds a version that is served or still has sequences, by its `sequenceKey`. */
  maybeWithKey(key: string): Version | undefined;
}

/** A request's tensors, checked against one version. */
export interface BoundStep {
  /** Inputs without states, [rows, ...] each. */
  readonly inputs: Tensors;
  /** States that the sequence starts from, one row each; undefined: the model's initial states. */
  readonly states: Tensors | undefined;
  /** The requested outputs. */
  readonly fetches: readonly string[];
}

/** A step of one or more sequences: row k of each input is a step of the sequence of control k. */
export interface StepRequest<Version> {
  readonly controls: readonly SequenceControl[];
  readonly client: string | undefined;
  /** Version in the request's path. */
  readonly version: string | undefined;
  /** @throws if the request does not fit the version */
  readonly bind: (model: Version) => BoundStep;
  readonly run: RunOptions;
}

/** The step of one sequence: its control, then its result. */
export class StepRow<Version> {
  readonly row: number;
  readonly control: SequenceControl;
  readonly key: string;
  model: Version | undefined;
  /** The sequence's row before the step. */
  before: Int32Array | undefined;
  expectedSteps = 0;
  expectedVersion = '';
  /** After the step; 0 if it failed. */
  steps = 0;
  samples = 0;
  /** Milliseconds until the sequence expires without a step; undefined: it has ended. */
  expiresInMs: number | undefined;
  error: OndaError | undefined;
  /** The outputs of its run, and its row in them. */
  tensors: Tensors | undefined;
  index = 0;

  constructor(row: number, control: SequenceControl, key: string) {
    this.row = row;
    this.control = control;
    this.key = key;
  }

  fail(error: unknown): void {
    if (!(error instanceof OndaError)) throw error;
    this.error = error;
  }
}

/** The outputs to compute, in the model's order, so that steps with the same outputs are batched. A numbered step keeps all outputs for a retry. */
export function fetchNames<Version extends StepModel>(
  { signature: { outputs }, layout: { pairs, recent } }: Version,
  fetches: readonly string[],
  rows: readonly StepRow<Version>[],
): readonly string[] {
  const names = outputs.map(({ name }) => name);
  if (rows.some(({ control }) => control.step !== undefined)) return names;
  return names.filter(
    (name) =>
      fetches.includes(name) || name === recent?.output || pairs.some(({ output }) => output === name),
  );
}

/** All tensors that the client sent for the step; a retry sends the same. */
export function fedBy(inputs: Tensors, states: Tensors | undefined): Tensors {
  return states === undefined ? inputs : { ...inputs, ...states };
}

/** Samples that one step feeds: the time of its first input that has one. */
export function samplesOf(inputs: Tensors): number {
  for (const name in inputs) {
    const { dims } = inputs[name];
    if (dims.length > 2) return dims[1];
  }
  return 1;
}

/** The record of a numbered step for a retry: copies, since its tensors are views of a whole run. */
export function lastStep(
  { step, samples }: Pick<LastStep, 'step' | 'samples'>,
  fed: Tensors,
  row: number,
  tensors: Tensors,
  index: number,
): LastStep {
  return { step, samples, inputs: copyRow(fed, row), tensors: copyRow(tensors, index) };
}

function copyRow(tensors: Tensors, row: number): Tensors {
  const one = takeRows(tensors, Object.keys(tensors), row, 1);
  for (const name in one) {
    const { type, dims, data } = one[name];
    one[name] = { type, dims, data: data.slice() } as RuntimeTensor;
  }
  return one;
}

import type { Manifest } from '@onda/contract';
import { OndaError } from '@onda/contract';
import type { Session } from '@onda/runtime';
import type { ModelFile } from '@onda/runtime-node';
import type { Batcher, BatchOptions } from './batching/batcher.ts';
import type { Generator } from './generation/generator.ts';
import type { ModelSignature } from './models/modelSignature.ts';
import type { ScheduleRules } from './models/scheduleRules.ts';
import type { ModelStats } from './modelStats.ts';
import type { RowSteps } from './sequences/rowSteps.ts';
import type { OpenState, SequenceLimits, SequenceState } from './sequences/sequenceState.ts';
import type { SequenceSteps } from './sequences/sequenceSteps.ts';

/** What a service sets for each of its models. */
export interface ModelOptions {
  batching: BatchOptions;
  sequences: SequenceLimits;
  openState: OpenState;
}

/** A model that answers: one version of it. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  /** What it takes and gives; everything but `generator` goes by this, whoever made the model. */
  readonly signature: ModelSignature;
  /** Null for a model without an onda.json. */
  readonly manifest: Manifest | null;
  readonly session: Session;
  readonly schedule: ScheduleRules;
  /** Runs infer requests, several at a time. */
  readonly batcher: Batcher;
  readonly stats: ModelStats;
  /** Runs infer requests that leave their state here. */
  readonly steps: SequenceSteps;
  /** Runs infer requests whose rows are steps of a sequence each. */
  readonly rowSteps: RowSteps;
  readonly sequences: SequenceState;
  /** Null for a model that cannot feed its outputs back, or that came without one. */
  readonly generator: Generator | null;
  /** SHA-256 of the model's file, hexadecimal: its sequences can go on wherever the same file is served. */
  readonly fileHash: string;
  /** The files that a browser may load, by name. */
  readonly files: ReadonlyMap<string, ModelFile>;
  /** Of all its files, each as often as it is held. */
  readonly bytes: number;
  /** How long it took to load, its first run included, milliseconds. */
  readonly loadMs: number;
  /** JSON of the metadata and configuration answers, which never change. */
  readonly metadata: string;
  readonly config: string;
}

/** The sentence of a failure; what Onda does not understand is a defect and keeps its stack. */
export function failureText(error: unknown): string {
  if (error instanceof OndaError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

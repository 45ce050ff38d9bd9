import type { Manifest } from '@onda/contract';
import type { Session } from '@onda/runtime';
import type { ModelFile } from '@onda/runtime-node';
import type { Batcher } from '../batcher.ts';
import type { Generator } from '../generation/generator.ts';
import type { ModelStats } from '../modelStats.ts';
import type { ModelSequences } from '../sequences/modelSequences.ts';
import type { SequenceCounts } from '../sequences/sequenceStore.ts';
import type { StateLayout } from '../sequences/stateLayout.ts';
import type { ScheduleRules } from './configOptions.ts';
import type { ModelSignature } from './modelSignature.ts';

/** One version of a model that is loaded. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  /** Inputs and outputs, whatever tool made the model; used by everything but `generator`. */
  readonly signature: ModelSignature;
  /** Null for a model without an onda.json. */
  readonly manifest: Manifest | null;
  readonly session: Session;
  readonly schedule: ScheduleRules;
  readonly batcher: Batcher;
  readonly stats: ModelStats;
  /** How a sequence's state is stored. */
  readonly layout: StateLayout;
  /** Identity of its sequences' states: version, file and state layout. Only a version with the same key can continue them. */
  readonly sequenceKey: string;
  /** The sequences of the model, shared by its versions. */
  readonly sequences: ModelSequences<ServedModel>;
  /** Counts of the sequences on this version. */
  readonly sequenceCounts: SequenceCounts;
  /** Null for a model whose outputs cannot be fed back, or that was exported without a generator. */
  readonly generator: Generator | null;
  /** SHA-256 of the model's file, hexadecimal. */
  readonly fileHash: string;
  /** The files that a browser may load, by name. */
  readonly files: ReadonlyMap<string, ModelFile>;
  /** Bytes of all its files, each multiplied by its copies in memory. */
  readonly bytes: number;
  /** Load time including the first run, milliseconds. */
  readonly loadMs: number;
  /** JSON of the metadata and configuration responses, which are constant. */
  readonly metadata: string;
  readonly config: string;
}

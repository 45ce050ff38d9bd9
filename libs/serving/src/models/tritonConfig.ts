import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ModelError, quoted, tensorTypes, tritonTypes } from '@onda/contract';
import type { TensorType } from '@onda/contract';
import { readPlainFile } from '@onda/runtime-node';
import type { ModelFile } from '@onda/runtime-node';
import protobuf from 'protobufjs';
import textformat from 'protobufjs/ext/textformat.js';

/**
 * The fields of Triton's model configuration that this service uses, under their names in config.pbtxt. Lists may be empty; fields
 * that the file does not set are undefined.
 */
export interface TritonConfig {
  name?: string;
  platform?: string;
  backend?: string;
  max_batch_size?: number;
  input: ConfigTensor[];
  output: ConfigTensor[];
  version_policy?: VersionPolicy;
  dynamic_batching?: DynamicBatching;
  sequence_batching?: SequenceBatching;
  default_model_filename?: string;
  model_warmup: Warmup[];
  instance_group: InstanceGroup[];
  parameters: Record<string, { string_value?: string }>;
}

/** Dims are without the batch where `max_batch_size` is above 0; -1 is a dim of any size. */
export interface ConfigTensor {
  name?: string;
  data_type?: string;
  dims: number[];
  reshape?: { shape: number[] };
}

export interface VersionPolicy {
  latest?: { num_versions?: number };
  all?: object;
  specific?: { versions: number[] };
}

export interface InstanceGroup {
  /** `KIND_AUTO` by default. */
  kind?: string;
  count?: number;
}

export interface DynamicBatching {
  preferred_batch_size: number[];
  max_queue_delay_microseconds?: number;
  priority_levels?: number;
  default_priority_level?: number;
  default_queue_policy?: QueuePolicy;
}

export interface QueuePolicy {
  /** `REJECT` by default. */
  timeout_action?: string;
  default_timeout_microseconds?: number;
  max_queue_size?: number;
}

export interface SequenceBatching {
  max_sequence_idle_microseconds?: number;
  oldest?: {
    max_candidate_sequences?: number;
    preferred_batch_size: number[];
    max_queue_delay_microseconds?: number;
  };
  direct?: { max_queue_delay_microseconds?: number };
  control_input: ConfigControlInput[];
  state: ConfigState[];
}

export interface ConfigControlInput {
  name?: string;
  control: {
    /** The start by default. */
    kind?: string;
    int32_false_true: number[];
    fp32_false_true: number[];
    bool_false_true: boolean[];
    data_type?: string;
  }[];
}

export interface ConfigState {
  input_name?: string;
  output_name?: string;
  data_type?: string;
  dims: number[];
  initial_state: { data_type?: string; dims: number[]; zero_data?: boolean; data_file?: string }[];
}

export interface Warmup {
  name?: string;
  batch_size?: number;
  inputs: Record<string, WarmupInput>;
  count?: number;
}

export interface WarmupInput {
  data_type?: string;
  dims: number[];
  zero_data?: boolean;
  random_data?: boolean;
  input_data_file?: string;
}

/** Far more than real files have; bounds the time of the parser. */
const MAX_BYTES = 262_144;

let configType: protobuf.Type | undefined;

/** Parsed once, for the first model. */
function modelConfigType(): protobuf.Type {
  const schema = new URL('../../proto/model_config.proto', import.meta.url);
  configType ??= protobuf
    .parse(readFileSync(schema, 'utf8'), { keepCase: true })
    .root.lookupType('inference.ModelConfig');
  return configType;
}

/**
 * Parses a config.pbtxt: protobuf's text format of Triton's ModelConfig.
 *
 * @param path for errors
 * @throws ModelError for a syntax error or an unknown field, with the line
 */
export function parseConfig(bytes: Uint8Array, path: string): TritonConfig {
  if (bytes.byteLength > MAX_BYTES) {
    throw new ModelError(
      `${path}: expected at most ${MAX_BYTES} bytes, got ${bytes.byteLength}; a model configuration is shorter`,
    );
  }
  try {
    const type = modelConfigType();
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const message = textformat.fromText(type, text);
    return type.toObject(message, {
      longs: Number,
      enums: String,
      arrays: true,
      objects: true,
    }) as TritonConfig;
  } catch (cause) {
    throw new ModelError(`${path}: ${reasonOf(cause)}; correct it as Triton's model configuration has it`, {
      cause,
    });
  }
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  // The parser uses full names: `.inference.ModelConfig: unknown field 'x' (line 3)`.
  return text.replaceAll('.inference.', '');
}

const types = new Map<string, TensorType>(tensorTypes.map((type) => [tritonTypes[type], type]));

/** The tensor type for `TYPE_FP32`, `TYPE_STRING` and so on; undefined for an unsupported one. */
export function tensorTypeOf(configName: string | undefined): TensorType | undefined {
  return configName === undefined ? undefined : types.get(configName);
}

/** Files that a config.pbtxt names, by folder and name: `initial_state/h0`. */
export type DataFiles = ReadonlyMap<string, ModelFile>;

/** Their folders next to the version folders, as in Triton. */
export const dataFolders = { states: 'initial_state', warmUps: 'warmup' } as const;

/**
 * Reads the files that a configuration names.
 *
 * @param folder of the model
 * @throws ModelError for a missing file, or one that is not a plain file of the folder
 */
export async function readDataFiles(config: TritonConfig, folder: string, path: string): Promise<DataFiles> {
  const { states, warmUps } = dataFolders;
  const initial = (config.sequence_batching?.state ?? []).flatMap(({ initial_state }) => initial_state);
  const warm = config.model_warmup.flatMap(({ inputs }) => Object.values(inputs));
  const names = [
    ...initial.map(({ data_file }) => [states, data_file]),
    ...warm.map(({ input_data_file }) => [warmUps, input_data_file]),
  ];
  const files = new Map<string, ModelFile>();
  for (const [place, name] of names) {
    if (place === undefined || name === undefined || name === '') continue;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      throw new ModelError(
        `${path}: ${place}: expected the name of a file in the folder ${place} beside the versions, got ${quoted(name)}; correct it`,
      );
    }
    files.set(`${place}/${name}`, await readPlainFile(join(folder, place), name, dirname(folder)));
  }
  return files;
}

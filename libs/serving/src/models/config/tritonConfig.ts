/**
 * The parts of Triton's model configuration that this service acts on, as `parseConfig` reads them: names are those of
 * config.pbtxt. Lists are there even when empty; what the file does not say is undefined.
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
}

/** Dims are without the batch where `max_batch_size` is above 0; -1 is one that is not fixed. */
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
  /** Its default, `KIND_AUTO`, is not written by everyone. */
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
  /** Its default, `REJECT`, is not written by everyone. */
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
    /** Its default, the start, is not written by everyone. */
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

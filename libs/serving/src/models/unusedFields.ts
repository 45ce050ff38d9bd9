import { jsonText, ModelError } from '@onda/contract';
import type { TritonConfig } from './tritonConfig.ts';

/** Unsupported fields that change a model's answers, so that it is not served, with the reason; `[]` means each item of a list. */
const refused: Readonly<Record<string, string>> = {
  ensemble_scheduling: 'models are not joined here; serve each by itself',
  batch_input: 'inputs are not made from the batch here; send them',
  batch_output: 'outputs are not scattered by the batch here; export the model with rows',
  model_operations: 'libraries of operators are not loaded; export the model with standard ones',
  model_repository_agents: 'agents are not run; put the model itself into the folder',
  cc_model_filenames: 'a file for each device is not chosen here; use default_model_filename',
  'sequence_batching.iterative_sequence': 'a step is not run again by itself here; send each step',
  'input[].allow_ragged_batch':
    'rows of several lengths are not joined here; send rows of one length, or set max_batch_size to 0',
  'input[].is_shape_tensor': 'an ONNX file has no shape tensors; leave it out',
  'output[].is_shape_tensor': 'an ONNX file has no shape tensors; leave it out',
};

/** Fields that this service does not use and that change no value. */
const unused = [
  'optimization',
  'metric_tags',
  'response_cache',
  'model_metrics',
  'model_transaction_policy',
  'runtime',
  'dynamic_batching.preserve_ordering',
  'dynamic_batching.priority_queue_policy',
  'sequence_batching.direct.minimum_slot_utilization',
  'sequence_batching.oldest.preserve_ordering',
  'sequence_batching.state[].use_same_buffer_for_input_output',
  'sequence_batching.state[].use_growable_memory',
  'input[].optional',
  'input[].is_non_linear_format_io',
  'output[].is_non_linear_format_io',
  'output[].label_filename',
  'instance_group[].gpus',
  'instance_group[].host_policy',
  'instance_group[].passive',
  'instance_group[].profile',
  'instance_group[].rate_limiter',
  'instance_group[].secondary_devices',
  // Of Triton's ONNX Runtime backend; the service configures its threads for all models.
  'parameters.intra_op_thread_count',
  'parameters.inter_op_thread_count',
  'parameters.execution_mode',
  'parameters.memory.enable_memory_arena_shrinkage',
  'parameters.enable_mem_arena',
  'parameters.enable_mem_pattern',
];

const backends = ['onnxruntime', undefined];
const platforms = ['onnxruntime_onnx', '', undefined];

/**
 * Checks a configuration for unsupported fields.
 *
 * @returns a warning for each field that is not used
 * @throws ModelError for a field that changes the model's answers
 */
export function checkUnusedFields(config: TritonConfig, path: string): string[] {
  const { backend, platform } = config;
  if (!backends.includes(backend === '' ? undefined : backend) || !platforms.includes(platform)) {
    throw new ModelError(
      `${path}: expected backend "onnxruntime" or platform "onnxruntime_onnx", got ${jsonText(backend ?? platform)}; this service runs only ONNX files`,
    );
  }
  for (const [field, why] of Object.entries(refused)) {
    if (isGiven(config, field)) throw new ModelError(`${path}: ${field.replaceAll('[]', '')}: ${why}`);
  }
  return unused
    .filter((field) => isGiven(config, field))
    .map(
      (field) =>
        `${path}: ${field.replaceAll('[]', '')} is not used by this service; the model is served without it`,
    );
}

/** Whether a file sets a field to another value than its default: nothing, false or 0. */
function isGiven(config: object, field: string): boolean {
  return valuesAt(config, field).some((value) =>
    typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value),
  );
}

/** @param field `a.b[].c`: c of each b of a; keys of a map may have dots */
function valuesAt(value: unknown, field: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const parts = value as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(parts, field)) return [parts[field]];
  const [name] = /^[^.[]+/.exec(field) ?? [''];
  const rest = field.slice(name.length);
  if (!Object.hasOwn(parts, name) || rest === '') return [];
  if (!rest.startsWith('[]')) return valuesAt(parts[name], rest.slice(1));
  return (parts[name] as unknown[]).flatMap((each) => valuesAt(each, rest.slice('[].'.length)));
}

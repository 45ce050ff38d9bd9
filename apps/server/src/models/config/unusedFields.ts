import { ModelError } from '@onda/contract';
import type { TritonConfig } from './tritonConfig.ts';

/** Fields by which a model answers otherwise than it would here, and why it is not served then. */
const refused: Readonly<Record<string, string>> = {
  ensemble_scheduling: 'models are not joined here; serve each by itself',
  batch_input: 'inputs are not made from the batch here; send them',
  batch_output: 'outputs are not scattered by the batch here; export the model with rows',
  model_operations: 'libraries of operators are not loaded; export the model with standard ones',
  model_repository_agents: 'agents are not run; put the model itself into the folder',
  cc_model_filenames: 'a file for each device is not chosen here; use default_model_filename',
};

/** Fields that Triton acts on and this service does not, which changes no value. */
const unused = [
  'optimization',
  'metric_tags',
  'response_cache',
  'model_metrics',
  'model_transaction_policy',
  'runtime',
] as const;

/**
 * Looks for what the service does not do.
 *
 * @returns a sentence for each field that is left unused
 * @throws ModelError for one that changes what the model answers
 */
export function checkUnusedFields(config: TritonConfig, path: string): string[] {
  const given = config as unknown as Readonly<Record<string, unknown>>;
  const isGiven = (field: string): boolean => {
    const value = given[field];
    return value !== undefined && Object.keys(value as object).length > 0;
  };
  for (const [field, why] of Object.entries(refused)) {
    if (isGiven(field)) throw new ModelError(`${path}: ${field}: ${why}`);
  }
  return unused
    .filter(isGiven)
    .map((field) => `${path}: ${field} is not used by this service; the model is served without it`);
}

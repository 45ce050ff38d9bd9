/**
 * The config.pbtxt of a model that adds what it is fed to its state, a version's own number each time.
 *
 * @param versions a version policy, such as `latest { num_versions: 1 }`
 */
export function sumConfig(versions: string): string {
  return `
max_batch_size: 16
version_policy { ${versions} }
sequence_batching {
  oldest { }
  state [ { input_name: "sum_in" output_name: "sum_out" data_type: TYPE_FP32 dims: [ 1 ] } ]
}
`;
}

/** What it answers. */
export interface SumAnswer {
  model_version: string;
  outputs: { name: string; data: number[] }[];
  error: string;
}

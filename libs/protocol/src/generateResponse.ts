import type { Nesting } from './generateRequest.ts';
import { numbersText } from './tensorText.ts';

export interface GenerateResponse {
  modelName: string;
  modelVersion: string;
  /** [batch, samples, outputs], or words [batch, samples]. */
  values: { dims: readonly number[]; data: Float32Array | Int32Array };
  nesting: Nesting;
  /** [batch, state]; undefined: not requested. */
  state: { dims: readonly number[]; data: Float32Array } | undefined;
  /** The seed of the samples, so that a request can repeat them; undefined: nothing was sampled. */
  seed?: bigint | undefined;
}

/**
 * `{"model_name", "model_version", "values", "state"?, "seed"?}`, values nested like the prompt: [samples], [samples][outputs] or
 * [batch][samples][outputs]; words [samples] or [batch][samples].
 *
 * @throws ProtocolError if a value is NaN or an infinity
 */
export function encodeGenerateResponse(response: GenerateResponse): string {
  const { values, state, nesting, seed } = response;
  const { dims } = values;
  const several = nesting === dims.length;
  const valuesText =
    nesting === 1
      ? `[${numbersText(values.data, 'values')}]`
      : nested(values.data, dims.slice(dims.length - nesting), 'values');
  let rest = '';
  if (state) {
    rest = `,"state":${several ? nested(state.data, state.dims, 'state') : `[${numbersText(state.data, 'state')}]`}`;
  }
  if (seed !== undefined) rest += `,"seed":${seedText(seed)}`;
  return `{"model_name":${JSON.stringify(response.modelName)},"model_version":${JSON.stringify(response.modelVersion)},"values":${valuesText}${rest}}`;
}

/** In the form of a request: a string where a JSON number would lose digits. */
function seedText(seed: bigint): string {
  return Number.isSafeInteger(Number(seed)) ? String(seed) : `"${seed}"`;
}

/** Numbers in brackets, a level for each dim. */
function nested(data: Float32Array | Int32Array, dims: readonly number[], where: string): string {
  if (dims.length <= 1) return `[${numbersText(data, where)}]`;
  const size = data.length / dims[0];
  const parts: string[] = [];
  for (let start = 0; start < data.length; start += size) {
    parts.push(nested(data.subarray(start, start + size), dims.slice(1), where));
  }
  return `[${parts.join(',')}]`;
}

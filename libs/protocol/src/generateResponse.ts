import type { Nesting } from './generateRequest.ts';
import { numbersText } from './numbersText.ts';

export interface GenerateResponse {
  modelName: string;
  modelVersion: string;
  /** [batch, samples, outputs]. */
  values: { dims: readonly number[]; data: Float32Array };
  nesting: Nesting;
  /** [batch, state]; undefined: not asked for. */
  state: { dims: readonly number[]; data: Float32Array } | undefined;
}

/**
 * `{"model_name", "model_version", "values", "state"?}`, values nested as the prompt was: [samples], [samples][outputs] or
 * [batch][samples][outputs].
 *
 * @throws ProtocolError if a value is NaN or an infinity
 */
export function encodeGenerateResponse(response: GenerateResponse): string {
  const { values, state, nesting } = response;
  const [batch, samples, outputs] = values.dims;
  const valuesText =
    nesting === 1
      ? `[${numbersText(values.data, 'values')}]`
      : nested(values.data, nesting === 2 ? [samples, outputs] : [batch, samples, outputs], 'values');
  let stateText = '';
  if (state) {
    stateText = `,"state":${nesting === 3 ? nested(state.data, state.dims, 'state') : `[${numbersText(state.data, 'state')}]`}`;
  }
  return `{"model_name":${JSON.stringify(response.modelName)},"model_version":${JSON.stringify(response.modelVersion)},"values":${valuesText}${stateText}}`;
}

/** Numbers in brackets, a level for each dim. */
function nested(data: Float32Array, dims: readonly number[], where: string): string {
  if (dims.length <= 1) return `[${numbersText(data, where)}]`;
  const size = data.length / dims[0];
  const parts: string[] = [];
  for (let start = 0; start < data.length; start += size) {
    parts.push(nested(data.subarray(start, start + size), dims.slice(1), where));
  }
  return `[${parts.join(',')}]`;
}

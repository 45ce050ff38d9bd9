import { ModelError, typedArrays } from '@onda/contract';
import type { StateTensor } from '../modelSignature.ts';
import { tensorTypeOf } from './configTypes.ts';
import { dataFolders } from './dataFiles.ts';
import type { DataFiles } from './dataFiles.ts';
import type { ConfigState } from './tritonConfig.ts';

/**
 * What a state is at a sequence's start, of a file in the folder `initial_state`: the raw values of one sequence, little-endian.
 *
 * @returns words of 32 bits; undefined: zeros
 * @throws ModelError for a file of another size, and for an initial state of another type or dims than the state's
 */
export function startOf(
  { input, type, dims, size }: Pick<StateTensor, 'input' | 'type' | 'dims' | 'size'>,
  given: ConfigState['initial_state'],
  data: DataFiles,
  path: string,
): Int32Array | undefined {
  const initial = given.at(0);
  if (initial?.data_file === undefined || initial.data_file === '') return undefined;
  const where = `${path}: state "${input}": initial_state`;
  const sameDims =
    initial.dims.length === dims.length && initial.dims.every((dim, axis) => dim === dims[axis]);
  if (tensorTypeOf(initial.data_type) !== type || !sameDims || type === 'string') {
    throw new ModelError(
      `${where}: expected the state's own type and dims [${dims.join(', ')}], got ${initial.data_type ?? 'none'} [${initial.dims.join(', ')}]; correct them`,
    );
  }
  const bytes = data.get(`${dataFolders.states}/${initial.data_file}`)?.bytes;
  const expected = size * typedArrays[type].BYTES_PER_ELEMENT;
  if (bytes?.byteLength !== expected) {
    throw new ModelError(
      `${where}: expected ${expected} bytes in "${initial.data_file}", got ${bytes?.byteLength ?? 0}; write the values of one sequence, nothing else`,
    );
  }
  return new Int32Array(Uint8Array.from(bytes).buffer);
}

import { DataError, ShapeError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { datatypes } from './datatypes.ts';
import { inputText } from './inferRequest.ts';
import type { InferInput } from './inferRequest.ts';
import { describeShape } from './jsonBody.ts';

/** A state of a model: its input and its output. */
export interface StatePair {
  readonly input: string;
  readonly output: string;
}

/** The tensors of the model that a request is for. */
export interface ModelTensors {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** States that the service keeps for a sequence, so that a step may omit them; default: none. */
  readonly states?: readonly StatePair[];
  /** Whether inputs may have NaN and infinities (as bytes; JSON has none), such as an attention mask; default: no. */
  readonly allowsNonFinite?: boolean;
}

/**
 * Checks one input against its specification.
 *
 * @throws DataError for another datatype than the model's; ShapeError for another rank or fixed dim
 */
export function checkInput({ name, tensor: { type, dims } }: InferInput, spec: TensorSpec): void {
  if (type !== spec.type) {
    throw new DataError(
      `${inputText(name)}: expected datatype ${datatypes[spec.type]}, got "${datatypes[type]}"; convert the values`,
    );
  }
  const { shape } = spec;
  if (dims.length !== shape.length) throw wrongShape(name, dims, spec, `give it ${shape.length} dims`);
  for (let axis = 0; axis < dims.length; axis++) {
    const fixed = shape[axis];
    if (typeof fixed === 'number' && dims[axis] !== fixed) {
      throw wrongShape(name, dims, spec, `its dim ${axis} is always ${fixed}`);
    }
  }
}

function wrongShape(
  name: string,
  dims: readonly number[],
  { shape }: TensorSpec,
  remedy: string,
): ShapeError {
  return new ShapeError(
    `${inputText(name)}: expected shape [${shape.join(', ')}], got ${describeShape(dims)}; ${remedy}`,
  );
}

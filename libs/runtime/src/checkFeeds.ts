import { DataError, ShapeError, typedArrays } from '@onda/contract';
import { listText, shapeText } from './shapeText.ts';
import type { RuntimeTensor, TensorInfo } from './session.ts';

export interface CheckFeedsOptions {
  /** Allow dims of 0. Off by default: onnxruntime-node 1.30 ends the process on a recurrent net with batch 0 or time 0. */
  allowEmpty?: boolean;
  /** Refuse NaN and infinities: one of them stays in a net's state for good. */
  finite?: boolean;
}

/** Where a named dim got its size, for the sentence when another input disagrees. */
interface Binding {
  symbol: string;
  size: number;
  input: string;
}

/**
 * Checks everything about a run's inputs that can be checked before the run: names, types, rank, fixed dims, named dims
 * equal across inputs, no empty dims, and as many values as the dims say.
 *
 * @param inputs what the model takes
 * @param feeds  what the caller gives
 * @throws ShapeError for a name, shape or length that does not fit
 * @throws DataError  for the wrong type, or for a value that is not finite when `finite` is set
 */
export function checkFeeds(
  inputs: readonly TensorInfo[],
  feeds: Readonly<Record<string, RuntimeTensor>>,
  options: CheckFeedsOptions = {},
): void {
  const bindings: Binding[] = [];
  for (const input of inputs) {
    if (!Object.hasOwn(feeds, input.name)) {
      throw new ShapeError(`input "${input.name}" is missing; ${takes(inputs)}`);
    }
    const tensor = feeds[input.name];
    checkType(input, tensor);
    checkDims(input, tensor, bindings, options.allowEmpty === true);
    if (options.finite === true && tensor.type === 'float32') checkFinite(input.name, tensor.data);
  }
  if (Object.keys(feeds).length === inputs.length) return;
  const unknown = Object.keys(feeds).find((name) => !inputs.some((input) => input.name === name));
  throw new ShapeError(`input "${unknown ?? ''}": the model has no such input; ${takes(inputs)}`);
}

function takes(inputs: readonly TensorInfo[]): string {
  return `the model takes ${listText(inputs.map((input) => input.name))}`;
}

function checkType(input: TensorInfo, tensor: RuntimeTensor): void {
  const { type, data } = tensor;
  if (type !== input.type) {
    throw new DataError(`input "${input.name}": expected ${input.type}, got ${type}; convert the values`);
  }
  if (type === 'string') {
    if (Array.isArray(data) && data.every((value) => typeof value === 'string')) return;
    throw new DataError(
      `input "${input.name}": expected its data as a list of strings, got ${heldBy(data)}; give strings`,
    );
  }
  if (!(data instanceof typedArrays[type])) {
    throw new DataError(
      `input "${input.name}": expected its data as ${type}, got ${heldBy(data)}; give a ${typedArrays[type].name}`,
    );
  }
}

/** What an array holds, by the first type that it is the list of. */
function heldBy(data: RuntimeTensor['data']): string {
  const entries = Object.entries(typedArrays);
  return entries.find(([, list]) => data instanceof list)?.[0] ?? 'another kind of array';
}

function checkDims(input: TensorInfo, tensor: RuntimeTensor, bindings: Binding[], allowEmpty: boolean): void {
  const { name, shape } = input;
  const { dims, data } = tensor;
  if (dims.length !== shape.length) {
    throw new ShapeError(
      `input "${name}": expected shape ${shapeText(shape)}, got ${shapeText(dims)}; give it ${shape.length} dims`,
    );
  }
  let count = 1;
  for (let axis = 0; axis < dims.length; axis++) {
    const size = dims[axis];
    const expected = shape[axis];
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new ShapeError(
        `input "${name}": expected shape ${shapeText(shape)}, got ${shapeText(dims)}; dims are whole numbers`,
      );
    }
    if (size === 0 && !allowEmpty) {
      throw new ShapeError(
        `input "${name}": expected every dim of ${shapeText(shape)} to be at least 1, got ${shapeText(dims)}; leave the run out when there is nothing to run`,
      );
    }
    if (typeof expected === 'number') {
      if (size !== expected) {
        throw new ShapeError(
          `input "${name}": expected shape ${shapeText(shape)}, got ${shapeText(dims)}; its dim ${axis} is always ${expected}`,
        );
      }
    } else if (expected !== '') {
      bindDim(input.name, expected, size, bindings);
    }
    count *= size;
  }
  if (count !== data.length) {
    throw new ShapeError(
      `input "${name}": expected ${count} values for shape ${shapeText(dims)}, got ${data.length}; correct the shape or the values`,
    );
  }
}

function bindDim(input: string, symbol: string, size: number, bindings: Binding[]): void {
  // There are two or three.
  const bound = bindings.find((binding) => binding.symbol === symbol);
  if (bound === undefined) {
    bindings.push({ symbol, size, input });
  } else if (bound.size !== size) {
    throw new ShapeError(
      `input "${input}": expected ${symbol} ${bound.size} as in input "${bound.input}", got ${size}; give both the same ${symbol}`,
    );
  }
}

function checkFinite(name: string, data: Float32Array): void {
  for (let index = 0; index < data.length; index++) {
    if (!Number.isFinite(data[index])) {
      throw new DataError(
        `input "${name}": expected finite numbers, got ${data[index]} at position ${index}; remove or replace it`,
      );
    }
  }
}

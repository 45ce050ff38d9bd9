import type { TensorSpec } from '@onda/contract';
import { DataError, ModelError, ShapeError, typedArrays } from '@onda/contract';
import type { RuntimeTensor, Session, TensorInfo } from './session.ts';
import { listText, shapeText } from './tensors.ts';

export interface CheckFeedsOptions {
  /**
   * Allow dims of 0 where the model does not demand them; default false: onnxruntime-node 1.30 aborts the process for a recurrent net with
   * batch 0 or time 0.
   */
  allowEmpty?: boolean;
  /** Reject NaN and infinities, which would stay in the state of a net. */
  finite?: boolean;
}

/** The size of a named dim and the input that defined it. */
interface Binding {
  symbol: string;
  size: number;
  input: string;
}

/**
 * Checks the inputs of a run: names, types, ranks, fixed dims, named dims equal across inputs, no empty dims, and the number of values.
 *
 * @param inputs the inputs of the model
 * @param feeds  the given tensors
 * @throws ShapeError for a wrong name, shape or length
 * @throws DataError  for a wrong type, or with `finite` a value that is not finite
 */
export function checkFeeds(
  inputs: readonly TensorInfo[],
  feeds: Readonly<Record<string, RuntimeTensor>>,
  options: CheckFeedsOptions = {},
): void {
  const bindings: Binding[] = [];
  for (const input of inputs) {
    if (!Object.hasOwn(feeds, input.name)) {
      throw new ShapeError(`input "${input.name}": missing; ${takes(inputs)}`);
    }
    const tensor = feeds[input.name];
    checkType(input, tensor);
    checkDims(input, tensor, bindings, options.allowEmpty === true);
    if (options.finite === true && tensor.type === 'float32') checkFinite(input.name, tensor.data);
  }
  if (Object.keys(feeds).length === inputs.length) return;
  const unknown = Object.keys(feeds).find((name) => !inputs.some((input) => input.name === name));
  throw new ShapeError(`input "${unknown ?? ''}": unknown input; ${takes(inputs)}`);
}

function takes(inputs: readonly TensorInfo[]): string {
  return `the inputs of the model are ${listText(inputs.map((input) => input.name))}`;
}

function checkType(input: TensorInfo, tensor: RuntimeTensor): void {
  const { type, data } = tensor;
  if (type !== input.type) {
    throw new DataError(`input "${input.name}": expected ${input.type}, got ${type}; convert the values`);
  }
  if (type === 'string') {
    if (Array.isArray(data) && data.every((value) => typeof value === 'string')) return;
    throw new DataError(
      `input "${input.name}": expected an array of strings, got ${arrayType(data)}; pass strings`,
    );
  }
  if (!(data instanceof typedArrays[type])) {
    throw new DataError(
      `input "${input.name}": expected ${type} data, got ${arrayType(data)}; pass a ${typedArrays[type].name}`,
    );
  }
}

/** The first tensor type of an array's class. */
function arrayType(data: RuntimeTensor['data']): string {
  const entries = Object.entries(typedArrays);
  return entries.find(([, list]) => data instanceof list)?.[0] ?? 'another type';
}

function checkDims(input: TensorInfo, tensor: RuntimeTensor, bindings: Binding[], allowEmpty: boolean): void {
  const { name, shape } = input;
  const { dims, data } = tensor;
  if (dims.length !== shape.length) {
    throw new ShapeError(
      `input "${name}": expected shape ${shapeText(shape)}, got ${shapeText(dims)}; pass ${shape.length} dims`,
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
    if (size === 0 && expected !== 0 && !allowEmpty) {
      throw new ShapeError(
        `input "${name}": expected every dim of ${shapeText(shape)} to be at least 1, got ${shapeText(dims)}; skip the run for empty input`,
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
  // A linear search: there are two or three.
  const bound = bindings.find((binding) => binding.symbol === symbol);
  if (bound === undefined) {
    bindings.push({ symbol, size, input });
  } else if (bound.size !== size) {
    throw new ShapeError(
      `input "${input}": expected ${symbol} ${bound.size} as in input "${bound.input}", got ${size}; use the same ${symbol} for both`,
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

/**
 * Checks that a loaded model matches its manifest.
 *
 * Named dims may have other names (runtimes rename or drop them); fixed dims must be equal.
 *
 * @param file name of the file in errors: `model.onnx`
 * @throws ModelError naming the tensor and its type and shape in the manifest and in the file
 */
export function checkSession(
  session: Session,
  tensors: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] },
  file: string,
): void {
  checkSide(session.inputs, tensors.inputs, `${file}: input`);
  checkSide(session.outputs, tensors.outputs, `${file}: output`);
}

function checkSide(actual: readonly TensorInfo[], expected: readonly TensorSpec[], where: string): void {
  for (const spec of expected) {
    const info = actual.find((tensor) => tensor.name === spec.name);
    const got = info ? `${info.type} ${shapeText(info.shape)}` : 'none';
    if (info?.type !== spec.type || !sameShape(info.shape, spec.shape)) {
      throw new ModelError(
        `${where} "${spec.name}": expected ${spec.type} ${shapeText(spec.shape)} as in the manifest, got ${got}; export the model again`,
      );
    }
  }
  const extra = actual.find((tensor) => !expected.some((spec) => spec.name === tensor.name));
  if (extra) {
    throw new ModelError(
      `${where} "${extra.name}": expected no such tensor according to the manifest; export the model again`,
    );
  }
}

function sameShape(actual: readonly (number | string)[], expected: readonly (number | string)[]): boolean {
  return (
    actual.length === expected.length &&
    expected.every((dim, axis) =>
      typeof dim === 'number' ? actual[axis] === dim : typeof actual[axis] === 'string',
    )
  );
}

/**
 * Checks the names of the requested outputs.
 *
 * @throws ShapeError for an unknown output
 */
export function checkFetches(outputs: readonly TensorInfo[], fetches: readonly string[]): void {
  for (const name of fetches) {
    if (!outputs.some((output) => output.name === name)) {
      throw new ShapeError(
        `output "${name}": unknown output; the outputs of the model are ${listText(outputs.map((output) => output.name))}`,
      );
    }
  }
}

/** The error of a released session. */
export function releasedError(): ModelError {
  return new ModelError('the session was released; create another one');
}

/**
 * The error of all adapters for bytes that the runtime cannot load.
 *
 * @param reason error of the runtime; its first line is used
 */
export function loadError(reason: unknown): ModelError {
  const text = (reason instanceof Error ? reason.message : String(reason)).split('\n', 1)[0].trim();
  return new ModelError(`the model cannot be loaded: ${text}; export or copy it again`, { cause: reason });
}

/** @throws ModelError for an empty file, which each runtime reports differently */
export function checkModelBytes(model: Uint8Array): void {
  if (model.byteLength === 0) throw loadError('the file is empty');
}

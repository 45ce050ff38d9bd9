import { elementsOf, ModelError, OndaError, typedArrays } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { shapeText } from '@onda/runtime';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { limits } from '../limits.ts';
import { aloneMarks, controlFeeds } from './controlFeeds.ts';
import type { ModelFolder } from './modelFolder.ts';
import type { ModelSignature } from './modelSignature.ts';
import { dataFolders, tensorTypeOf } from './tritonConfig.ts';
import type { DataFiles, Warmup, WarmupInput } from './tritonConfig.ts';

/** What is said of a model's first runs. */
type WarmUps = Pick<ModelFolder, 'config' | 'data'>;

/** More would keep a service from getting ready. */
const MOST_RUNS = 100;

/**
 * Runs a model before requests come: what its `model_warmup` says, or once with one row and, if it takes several, with two,
 * since ONNX Runtime takes other kernels for one row.
 *
 * @param place what to call the model in errors
 * @throws ModelError for a warm-up that does not fit the model; what the session throws
 */
export async function warmUp(
  session: Session,
  signature: ModelSignature,
  { config, data }: WarmUps,
  place: string,
): Promise<void> {
  const { maxRows } = signature;
  checkStates(await session.run(feedsOf(signature)), signature, 1, place);
  if (maxRows > 1) checkStates(await session.run(feedsOf(signature, 2)), signature, 2, place);
  for (const warmup of config?.model_warmup ?? []) {
    const where = `${place}: model_warmup "${warmup.name ?? ''}"`;
    const feeds = warmupFeeds(warmup, signature, data, where);
    const count = Math.min(MOST_RUNS, warmup.count ?? 1);
    for (let run = 0; run < Math.max(1, count); run++) {
      await session.run(feeds).catch((cause: unknown) => {
        throw cause instanceof OndaError ? new ModelError(`${where}: ${cause.message}`, { cause }) : cause;
      });
    }
  }
}

/** A file whose dims are not fixed may answer with others than its configuration says: a sequence's row has room for those alone. */
function checkStates(
  answer: Readonly<Record<string, RuntimeTensor>>,
  { states }: ModelSignature,
  rows: number,
  place: string,
): void {
  for (const { output, dims } of states) {
    const expected = [rows, ...dims];
    const got = answer[output].dims;
    if (got.length === expected.length && got.every((dim, axis) => dim === expected[axis])) continue;
    throw new ModelError(
      `${place}: state "${output}": expected ${shapeText(expected)} from a run of ${rows === 1 ? '1 row' : `${rows} rows`}, got ${shapeText(got)}; correct its dims`,
    );
  }
}

function feedsOf({ inputs, controls }: ModelSignature, rows = 1): Record<string, RuntimeTensor> {
  const marks = Array.from({ length: rows }, () => aloneMarks);
  return { ...oneOfEach(inputs, rows), ...controlFeeds(controls, marks) };
}

function warmupFeeds(
  { batch_size, inputs }: Warmup,
  signature: ModelSignature,
  data: DataFiles,
  where: string,
): Record<string, RuntimeTensor> {
  const rows = Math.max(1, batch_size ?? 1);
  if (rows > Math.max(1, signature.maxRows)) {
    throw new ModelError(
      `${where}: expected batch_size up to ${Math.max(1, signature.maxRows)} as the model takes, got ${rows}; correct it`,
    );
  }
  // What it does not name is zeros.
  const feeds = feedsOf(signature, signature.maxRows > 0 ? rows : 1);
  for (const [name, input] of Object.entries(inputs)) {
    const spec = signature.inputs.find((tensor) => tensor.name === name);
    if (spec === undefined) {
      throw new ModelError(`${where}: the ONNX file has no input "${name}"; correct the warm-up`);
    }
    const batch = signature.maxRows > 0 ? [rows] : [];
    feeds[name] = warmupTensor(input, spec, batch, data, `${where}: input "${name}"`);
  }
  return feeds;
}

function warmupTensor(
  input: WarmupInput,
  { type }: TensorSpec,
  rows: number[],
  files: DataFiles,
  where: string,
): RuntimeTensor {
  if (tensorTypeOf(input.data_type) !== type) {
    throw new ModelError(
      `${where}: expected the model's type ${type}, got ${input.data_type ?? 'none'}; correct it`,
    );
  }
  const dims = [...rows, ...input.dims];
  const count = elementsOf(dims);
  if (!(count >= 1 && count <= limits.tensorValues)) {
    throw new ModelError(
      `${where}: expected 1 to ${limits.tensorValues} values, got ${count}; correct its dims`,
    );
  }
  if (type === 'string' && input.input_data_file !== undefined) {
    throw new ModelError(`${where}: texts are not read from a file; use zero_data`);
  }
  if (type === 'string') return { type, dims, data: Array.from({ length: count }, () => '') };
  const data = new typedArrays[type](count);
  const file = files.get(`${dataFolders.warmUps}/${input.input_data_file ?? ''}`);
  if (file) {
    // One row; all get the same.
    const bytes = new Uint8Array(data.buffer);
    const own = bytes.byteLength / elementsOf(rows);
    if (file.bytes.byteLength !== own) {
      throw new ModelError(
        `${where}: expected ${own} bytes in "${input.input_data_file}", got ${file.bytes.byteLength}; write the values of one row`,
      );
    }
    for (let at = 0; at < bytes.byteLength; at += own) bytes.set(file.bytes, at);
  }
  if (input.random_data === true && data instanceof Float32Array) {
    for (let index = 0; index < count; index++) data[index] = Math.random();
  }
  return { type, dims, data } as RuntimeTensor;
}

/**
 * A tensor of zeros (or empty strings) for every input: what a model is tried with before it is said to be ready.
 *
 * @param rows the size of each dim that is first and not fixed; others that are not fixed are 1
 */
export function oneOfEach(inputs: readonly TensorSpec[], rows = 1): Record<string, RuntimeTensor> {
  return Object.fromEntries(inputs.map((input) => [input.name, zeros(input, rows)]));
}

function zeros({ type, shape }: TensorSpec, rows: number): RuntimeTensor {
  const dims = shape.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? rows : 1));
  const count = elementsOf(dims);
  if (type === 'string') return { type, dims, data: Array.from({ length: count }, () => '') };
  return { type, dims, data: new typedArrays[type](count) } as RuntimeTensor;
}

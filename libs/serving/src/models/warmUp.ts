import { elementsOf, ModelError, OndaError, typedArrays } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { shapeText } from '@onda/runtime';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { RunTimeoutError, WorkerError } from '@onda/runtime-node';
import { limits } from '../limits.ts';
import { aloneMarks, controlFeeds } from './controlFeeds.ts';
import type { ModelFolder } from './modelFolder.ts';
import type { ModelSignature } from './modelSignature.ts';
import { dataFolders, tensorTypeOf } from './tritonConfig.ts';
import type { DataFiles, Warmup, WarmupInput } from './tritonConfig.ts';

/** The warm-up settings of a model. */
type WarmUps = Pick<ModelFolder, 'config' | 'data'>;

/** Bounds the time until the service is ready. */
const MOST_RUNS = 100;

/**
 * Runs a model before requests come: with its `model_warmup`, otherwise with zeros in one row and, if it takes several, in two, since
 * ONNX Runtime uses other kernels for one row.
 *
 * A valid model may fail on zeros (an integer division, for instance), so such a failure is a warning only.
 *
 * @param place how errors name the model
 * @returns warnings
 * @throws ModelError for a `model_warmup` that does not fit the model or fails, and for a state of other dims than declared
 */
export async function warmUp(
  session: Session,
  signature: ModelSignature,
  { config, data }: WarmUps,
  place: string,
): Promise<readonly string[]> {
  const warmups = config?.model_warmup ?? [];
  if (warmups.length === 0) return runZeros(session, signature, place);
  for (const warmup of warmups) {
    const where = `${place}: model_warmup "${warmup.name ?? ''}"`;
    const feeds = warmupFeeds(warmup, signature, data, where);
    const rows = signature.maxRows > 0 ? Math.max(1, warmup.batch_size ?? 1) : 1;
    const count = Math.min(MOST_RUNS, warmup.count ?? 1);
    for (let run = 0; run < Math.max(1, count); run++) {
      const answer = await session.run(feeds).catch((cause: unknown) => {
        throw cause instanceof OndaError ? new ModelError(`${where}: ${cause.message}`, { cause }) : cause;
      });
      checkStates(answer, signature, rows, place);
    }
  }
  return [];
}

async function runZeros(
  session: Session,
  signature: ModelSignature,
  place: string,
): Promise<readonly string[]> {
  for (const rows of signature.maxRows > 1 ? [1, 2] : [1]) {
    let answer: Readonly<Record<string, RuntimeTensor>>;
    try {
      answer = await session.run(feedsOf(signature, rows));
    } catch (error) {
      if (error instanceof RunTimeoutError) throw new ModelError(`${place}: ${error.message}`, { cause: error });
      // A run that ends the worker would end it again with a request.
      if (!(error instanceof OndaError) || error instanceof WorkerError) throw error;
      return [
        `${place}: the first run with zeros failed (${error.message}); the model is served, set model_warmup in config.pbtxt to check it with valid values`,
      ];
    }
    checkStates(answer, signature, rows, place);
  }
  return [];
}

/** The dims of a state may be symbolic in the file, but a sequence's row has room only for the declared ones. */
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
  // Inputs that it does not name are zeros.
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
    throw new ModelError(`${where}: strings cannot be read from a file; use zero_data`);
  }
  if (type === 'string') return { type, dims, data: Array.from({ length: count }, () => '') };
  const data = new typedArrays[type](count);
  const file = files.get(`${dataFolders.warmUps}/${input.input_data_file ?? ''}`);
  if (file) {
    // The file has one row, which is used for all.
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
 * A tensor of zeros (or empty strings) for every input.
 *
 * @param rows the size of a symbolic first dim; other symbolic dims are 1
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

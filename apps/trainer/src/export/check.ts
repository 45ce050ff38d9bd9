import * as tf from '@tensorflow/tfjs-core';
import type { Manifest, ParityRow } from '@onda/contract';
import { drawKeys, modelFiles, requireNetManifest, ResultError } from '@onda/contract';
import { roundWeights, UnsupportedError } from '@onda/exporter';
import { isKerasModel } from '@onda/exporter/testing';
import { Net } from '@onda/nets';
import type { Runtime, RuntimeTensor, Session } from '@onda/runtime';
import { drawValue, packManifest, packRuntime, runGenerator } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { createRandom } from '@onda/series';
import { openBackend } from '@onda/tfjs-native';
import type { LayersModel } from '../fit/artifacts.ts';
import { caseRows } from '../verify/cases.ts';
import type { Plan } from '../verify/plan.ts';
import { exportPlan } from '../verify/plan.ts';
import { useQuickSplits } from '../verify/quickSplits.ts';
import { kerasSubject, layersSubject } from '../verify/subject.ts';
import { verifyModel } from '../verify/verifyModel.ts';
import { verifyExport } from '../verify/verifyNet.ts';
import { compareValues, relativeTolerances } from './compare.ts';
import type { ModelBytes } from './publishModel.ts';
import { createTfjsReference } from './tfjsReference.ts';

/** Size of weights up to which the comparison on the cpu backend is faster than starting TensorFlow (half a second). */
const smallBytes = 4 * 1024 * 1024;

/** Compares an exported net with TensorFlow.js; separate states are compared as a packed row. */
export async function checkNet(
  artifacts: LayersModel,
  manifest: Manifest,
  files: ModelBytes,
): Promise<ParityRow[]> {
  // After a fit a backend is already open.
  if (!tf.getBackend()) {
    await openBackend(artifacts.weightData.byteLength <= smallBytes ? { want: 'wasm' } : {});
  }
  const node = await createNodeRuntime({ provider: 'cpu' });
  const { net: spec, state } = manifest;
  const separate = spec !== null && state !== null && 'packing' in state ? state : null;
  const seen =
    separate === null
      ? requireNetManifest(manifest, modelFiles.manifest)
      : packManifest({ ...manifest, net: spec as NonNullable<typeof spec> }, separate);
  const runtime = separate === null ? node : packRuntime(node, separate);
  const sequence = files[modelFiles.sequence];
  const given = modelFiles.generator in files ? files[modelFiles.generator] : null;
  // Sampled values would diverge over the length of the closed-loop comparison.
  const drawn = given !== null && manifest.sampling !== null;
  const rows = await inPrecision(artifacts, manifest, async ({ weights, relative }, exact) => {
    const net = Net.fromArtifacts(weights);
    try {
      const reference = createTfjsReference(net, manifest.scaler, manifest.sampling);
      // A closed loop accumulates differences of the weights, so it is compared with the exact weights of the file.
      const generator = !drawn && (exact || manifest.precision === 'int8') ? given : null;
      return await verifyExport(runtime, reference, seen, sequence, generator, relative);
    } finally {
      net.dispose();
    }
  });
  return drawn ? [...rows, await checkGenerator(node, manifest, files, null)] : rows;
}

/** What to compare an exported layers model with. */
export interface LayersCheck {
  /** The generator's window of samples per call, null for the whole sequence; default: no generator. */
  loop?: { window: number | null } | null;
  /** File with inputs and outputs from the model's maker; default: the reference for its maker. */
  cases?: string;
}

/**
 * Compares an exported layers model with the cases of its maker if they are given. Otherwise a Keras model is compared with the reference
 * interpreter, any other model, or one with a layer that the interpreter does not know, with TensorFlow.js on the cpu backend.
 *
 * @throws ResultError if nothing could be compared
 */
export async function checkLayers(
  artifacts: LayersModel,
  manifest: Manifest,
  files: ModelBytes,
  { loop = null, cases }: LayersCheck = {},
): Promise<ParityRow[]> {
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const file = files[modelFiles.sequence];
  const refusals: string[] = [];
  const say = (line: string): unknown => refusals.push(line);
  const rows =
    cases === undefined
      ? await inPrecision(artifacts, manifest, ({ weights, relative }) =>
          layersRows(runtime, weights, { manifest, relative }, file, say, exportPlan),
        )
      : await caseRows(runtime, manifest, file, cases, referenceOf(artifacts, manifest).relative);
  if (rows.length > 0) {
    return loop === null ? rows : [...rows, await checkGenerator(runtime, manifest, files, loop.window)];
  }
  throw new ResultError(
    `export of "${manifest.name}": expected a model that TensorFlow.js can run, got: ${refusals.join('; ')}; set fixed sizes for the inputs, pass --cases FILE, or export with --no-verify`,
  );
}

/**
 * The rows of a layers model against its reference: the interpreter for a Keras model, else TensorFlow.js.
 *
 * @throws ModelError if neither can run the model
 */
export async function layersRows(
  runtime: Runtime,
  weights: LayersModel,
  { manifest, relative }: { manifest: Manifest; relative: number },
  file: Uint8Array,
  say: (line: string) => void,
  plan?: Plan,
): Promise<ParityRow[]> {
  if (isKerasModel(weights)) {
    const subject = { ...kerasSubject(weights, manifest), relative };
    // Seed 3 masks samples, where Keras and TensorFlow.js differ most.
    const masked = plan && { ...plan, seeds: [...new Set([...plan.seeds, 3])] };
    try {
      return await verifyModel(runtime, subject, file, say, masked);
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      say(error.message);
    }
  }
  if (!tf.getBackend()) await openBackend({ want: 'wasm' });
  useQuickSplits();
  const subject = await layersSubject(weights, manifest);
  try {
    return await verifyModel(runtime, { ...subject, relative }, file, say, plan);
  } finally {
    subject.dispose();
  }
}

/** Weights for TensorFlow.js, and the bound of differences relative to the largest value. */
export interface Reference {
  weights: LayersModel;
  relative: number;
}

/** The reference of a file: float16 is exact for the rounded weights; int8 computes with other numbers. */
export function referenceOf(artifacts: LayersModel, { precision }: Pick<Manifest, 'precision'>): Reference {
  const weights: LayersModel =
    precision === 'float16' ? { ...artifacts, ...roundWeights(artifacts, true) } : artifacts;
  return { weights, relative: relativeTolerances[precision === 'int8' ? 'int8' : 'float32'] };
}

/**
 * Compares an export in its precision; a float16 export also with the trained weights, so that the manifest shows the rounding error.
 *
 * @param compare returns rows; `exact`: the file has exactly these weights
 */
export async function inPrecision(
  artifacts: LayersModel,
  manifest: Pick<Manifest, 'precision'>,
  compare: (reference: Reference, exact: boolean) => Promise<ParityRow[]>,
): Promise<ParityRow[]> {
  const { precision } = manifest;
  const rows = await compare(referenceOf(artifacts, manifest), precision !== 'int8');
  if (precision !== 'float16') return rows;
  const trained = await compare({ weights: artifacts, relative: relativeTolerances.float16 }, false);
  return [...rows, ...trained.map((row) => ({ ...row, check: `${row.check}, float32 weights` }))];
}

/** Number of compared values: an error in sampling or feedback shows in the first few. */
const samples = 12;
const batch = 2;
const seed = 5n;

type Row = number[];

/**
 * Compares generator.onnx of a layers model with a loop over model.onnx, which was compared with TensorFlow.js: for each sample the
 * model runs over the whole sequence, or the last window, and values are sampled in TypeScript.
 *
 * @param window samples per model call; null: the whole sequence
 */
export async function checkGenerator(
  runtime: Runtime,
  manifest: Manifest,
  files: ModelBytes,
  window: number | null,
): Promise<ParityRow> {
  const [{ name, shape, type }] = manifest.tensors.model.inputs;
  const words = shape.length === 2;
  const width = words ? 1 : Number(shape[2]);
  const known = startValues(manifest, width, words, window ?? 4);
  const prompt = tensorOf(known, words, type);
  const model = await runtime.createSession(files[modelFiles.sequence]);
  const generator = await runtime.createSession(files[modelFiles.generator]);
  try {
    const draws = manifest.tensors.generator?.inputs.some((input) => input.name === 'seed');
    const { y } = await runGenerator(generator, manifest, {
      prompt,
      samples,
      ...(draws && { draws: { seed } }),
    });
    const made: Row[] = known.map(() => []);
    for (let sample = 0; sample < samples; sample++) {
      const seen = known.map((rows) => (window === null ? rows : rows.slice(-window)));
      const time = seen[0].length - manifest.lag + 1;
      const outputs = await lastOutputs(model, manifest, name, tensorOf(seen, words, type), time);
      outputs.forEach((values, row) => {
        const drawn =
          manifest.sampling === null
            ? values
            : drawValue(manifest.sampling, drawKeys(seed), values, row, sample);
        const next = words ? [drawn.indexOf(1)] : drawn;
        known[row].push(next);
        made[row].push(...next);
      });
    }
    const of = { runtime: runtime.name, batch, time: prompt.dims[1] };
    const check = `generator ${samples}, model.onnx looped`;
    return compareValues(
      { check, ...of },
      Float32Array.from(made.flat()),
      Float32Array.from(y.data as ArrayLike<number>),
    );
  } finally {
    await model.release();
    await generator.release();
  }
}

/** Initial values: token ids, one-hot rows for categorical sampling, else numbers around 0: [batch][time][width]. */
function startValues(
  { sampling, lag, prompt = lag }: Manifest,
  width: number,
  words: boolean,
  time: number,
): Row[][] {
  const random = createRandom(3);
  const one = (): Row => {
    if (words) return [random.uniform(0, 1) < 0.5 ? 0 : 1];
    if (sampling?.kind !== 'categorical') return Array.from({ length: width }, () => random.uniform(-1, 1));
    const chosen = Math.floor(random.uniform(0, width));
    return Array.from({ length: width }, (_, at) => (at === chosen ? 1 : 0));
  };
  return Array.from({ length: batch }, () => Array.from({ length: Math.max(prompt, time) }, one));
}

function tensorOf(rows: readonly Row[][], words: boolean, type: string): RuntimeTensor {
  const dims = words ? [rows.length, rows[0].length] : [rows.length, rows[0].length, rows[0][0].length];
  const values = rows.flat(2);
  if (type === 'int32') return { type, dims, data: Int32Array.from(values) };
  return { type: 'float32', dims, data: Float32Array.from(values) };
}

/** Outputs of the last of `time` samples; for a model with fixed time the input is padded with zeros after that sample. */
async function lastOutputs(
  session: Session,
  { tensors, state }: Manifest,
  input: string,
  x: RuntimeTensor,
  time: number,
): Promise<Row[]> {
  const [, fixed] = tensors.model.inputs[0].shape;
  const feeds: Record<string, RuntimeTensor> = { [input]: typeof fixed === 'number' ? filled(x, fixed) : x };
  for (const { name, shape } of tensors.model.inputs.slice(1)) {
    const size = Number(shape[1]);
    feeds[name] = { type: 'float32', dims: [batch, size], data: new Float32Array(batch * size) };
  }
  const [{ name }] = tensors.model.outputs;
  const output = (await session.run(feeds))[name];
  if (output.type !== 'float32')
    throw new ResultError(
      `model.onnx: expected float32 from "${name}", got ${output.type} (${state === null ? 'no state' : 'with state'}); report it with the model`,
    );
  const width = output.dims[output.dims.length - 1];
  const steps = output.dims.length === 3 ? output.dims[1] : 1;
  // A window has one output; of a padded or longer sequence take the output of the last sample.
  const at = steps === 1 ? 0 : Math.min(time, steps) - 1;
  return Array.from({ length: batch }, (_, row) =>
    Array.from(output.data.subarray((row * steps + at) * width, (row * steps + at + 1) * width)),
  );
}

function filled(x: RuntimeTensor, time: number): RuntimeTensor {
  const [rows, given, ...rest] = x.dims;
  if (given >= time || x.type === 'string') return x;
  const width = rest.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: rows * time * width }, (_, index) => {
    const row = Math.floor(index / (time * width));
    const within = index % (time * width);
    return within < given * width ? Number(x.data[row * given * width + within]) : 0;
  });
  const dims = [rows, time, ...rest];
  return x.type === 'int32'
    ? { type: 'int32', dims, data: Int32Array.from(values) }
    : { type: 'float32', dims, data: values };
}

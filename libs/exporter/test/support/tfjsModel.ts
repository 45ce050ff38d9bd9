import '@tensorflow/tfjs-backend-cpu';
// The orthogonal initializer of recurrent layers calls methods of tensors.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkModel } from '@onda/onnx';
import type { ExportedModel, ExportModelOptions, LayersArtifacts } from '../../src/index.ts';
import { exportModel } from '../../src/index.ts';
import { mulberry32 } from './ondaNetArtifacts.ts';
import type { Floats } from './onnxRuntime.ts';
import { floats, LoadedModel } from './onnxRuntime.ts';

/** Gives a model weights from a seed; biases too, which TensorFlow.js starts at 0. Variances stay positive. */
export function randomizeWeights(model: LayersModel, seed: number): void {
  const random = mulberry32(seed);
  const values = model.weights.map(({ name, shape }) => {
    const dims = shape as number[];
    const size = dims.reduce((product, dim) => product * dim, 1);
    const low = name.includes('variance') ? 0.5 : -0.7;
    return tensor(
      Float32Array.from({ length: size }, () => low + 1.4 * random()),
      dims,
    );
  });
  model.setWeights(values);
}

/** Gives a model weights that keep values of the order of 1 however wide its layers are: uniform in +-sqrt(3 / rows). */
export function drawWeights(model: LayersModel, seed: number): void {
  const random = mulberry32(seed);
  const values = model.weights.map(({ name, shape }) => {
    const dims = shape as number[];
    const size = dims.reduce((product, dim) => product * dim, 1);
    const bound = Math.sqrt(3 / (dims.length > 1 ? size / dims[dims.length - 1] : 3));
    const draw = (): number => (name.includes('variance') ? 0.5 + random() : bound * (2 * random() - 1));
    return tensor(Float32Array.from({ length: size }, draw), dims);
  });
  model.setWeights(values);
}

/** What TensorFlow.js saves of a model. */
export async function artifactsOf(model: LayersModel): Promise<LayersArtifacts> {
  let saved: LayersArtifacts = {};
  await model.save({
    save: (artifacts) => {
      // As after a round trip through model.json.
      saved = {
        modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) as unknown,
        weightSpecs: artifacts.weightSpecs ?? [],
        weightData: artifacts.weightData ?? new ArrayBuffer(0),
      };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    },
  });
  return saved;
}

export interface CompareOptions {
  whole?: number;
  seed?: number;
  blank?: { share: number; value: number };
  options?: Partial<ExportModelOptions>;
}

export interface Comparison {
  readonly exported: ExportedModel;
  /** The largest difference, relative to the largest value of its output, or absolute below 1. */
  readonly difference: number;
}

/**
 * Exports a model and runs it in both runtimes on random inputs.
 *
 * @param open sizes of the dims that the model leaves open, the batch first; taken in turn by each input
 * @param whole upper bound of inputs that are whole numbers, such as words; 0: uniform in +-1
 * @param blank share of samples of [batch, time, features] whose features are all of that value, for masks
 */
export async function compare(
  model: LayersModel,
  open: readonly number[],
  { whole = 0, seed = 1, blank, options }: CompareOptions = {},
): Promise<Comparison> {
  const exported = exportModel(await artifactsOf(model), { producerVersion: '0.1.0', ...options });
  const problems = checkModel(exported.model);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const random = mulberry32(seed);
  const inputs = model.inputs.map(({ shape }) => {
    const sizes = [...open];
    const dims = shape.map((dim) => dim ?? sizes.shift() ?? 1);
    const size = dims.reduce((product, dim) => product * dim, 1);
    const draw = (): number => (whole > 0 ? Math.floor(random() * whole) : 2 * random() - 1);
    const values = Array.from({ length: size }, draw);
    if (blank !== undefined && dims.length > 2) {
      const features = dims[dims.length - 1];
      for (let at = 0; at < size; at += features) {
        if (random() < blank.share) values.fill(blank.value, at, at + features);
      }
    }
    return floats(dims, values);
  });
  const expected: Floats[] = [];
  tidy(() => {
    const result = model.predict(inputs.map(({ dims, data }) => tensor(data, [...dims])));
    for (const output of Array.isArray(result) ? result : [result]) {
      expected.push(floats(output.shape, output.dataSync()));
    }
  });
  const feeds = Object.fromEntries(
    exported.model.graph.inputs.map(({ name }, index) => [name, inputs[index]]),
  );
  const actual = await (await LoadedModel.of(exported.model)).run(feeds);
  const outputs = exported.model.graph.outputs.map(({ name }) => actual[name]);
  return {
    exported,
    difference: Math.max(...outputs.map((output, index) => relativeDifference(output, expected[index]))),
  };
}

/** The largest difference, relative to the largest value expected, or absolute below 1; another shape is an error. */
export function relativeDifference(actual: Floats, expected: Floats): number {
  if (String(actual.dims) !== String(expected.dims)) {
    throw new Error(`expected shape [${expected.dims.join(', ')}], got [${actual.dims.join(', ')}]`);
  }
  const size = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const worst = actual.data.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - expected.data[index])),
    0,
  );
  return Number.isNaN(worst) ? Infinity : worst / size;
}

import type { NetManifest, ParityRow, Scaler } from '@onda/contract';
import type { Runtime, RuntimeTensor } from '@onda/runtime';
import { generate, generateClosedLoop, SequenceModel } from '@onda/runtime';
import { createRandom } from '@onda/series';
import { compareValues } from '../export/compare.ts';
import type { TfjsReference } from '../export/tfjsReference.ts';

/** Samples of the closed-loop comparison. */
const generatedSamples = 200;

/** Batch sizes and lengths other than in training; a service steps with 1. */
const shapes = [
  { batch: 1, time: 1 },
  { batch: 3, time: 7 },
  { batch: 2, time: 53 },
] as const;

type FloatTensor = Extract<RuntimeTensor, { type: 'float32' }>;

const float = (dims: number[], data: Float32Array): FloatTensor => ({ type: 'float32', dims, data });

/** Values in the range of the data: uniform in center +- 2 scale, from a fixed seed. */
function randomInput(scaler: Scaler, features: number, samples: number, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from(
    { length: samples * features },
    (_, i) => scaler.center[i % features] + scaler.scale[i % features] * random.uniform(-2, 2),
  );
}

/**
 * Loads exported files and compares them with TensorFlow.js: values and states for several batch sizes and lengths, a sequence split
 * in two, the generator against closed loops of both.
 *
 * @param manifest  the manifest; `files` and `parity` are ignored
 * @param sequence  bytes of model.onnx
 * @param generator bytes of generator.onnx; null if there is none
 * @param relative  bound of the differences of model.onnx, relative to the largest value; default: that of float32
 */
export async function verifyExport(
  runtime: Runtime,
  reference: TfjsReference,
  manifest: NetManifest,
  sequence: Uint8Array,
  generator: Uint8Array | null,
  relative?: number,
): Promise<ParityRow[]> {
  const rows: ParityRow[] = [];
  const { features, outputs } = manifest.net;
  const session = await runtime.createSession(sequence);
  try {
    const model = new SequenceModel(session, manifest);
    for (const { batch, time } of shapes) {
      const x = randomInput(manifest.scaler, features, batch * time, 11 + time);
      const random = createRandom(time);
      const state = Float32Array.from({ length: batch * manifest.state.size }, () =>
        random.uniform(-0.5, 0.5),
      );
      const expected = reference.forward(x, batch, time, state);
      const actual = await model.step(
        float([batch, time, features], x),
        float([batch, manifest.state.size], state),
      );
      const of = { runtime: runtime.name, batch, time };
      rows.push(compareValues({ check: 'values', ...of }, expected.y, actual.y.data, relative));
      rows.push(compareValues({ check: 'state', ...of }, expected.state, actual.state.data, relative));
    }
    rows.push(await splitRow(runtime, reference, model, relative));
    if (generator) rows.push(...(await generatorRows(runtime, reference, model, generator, outputs)));
  } finally {
    await session.release();
  }
  return rows;
}

/** Compares a sequence in two pieces, with the state passed on, with the whole in TensorFlow.js. */
async function splitRow(
  runtime: Runtime,
  reference: TfjsReference,
  model: SequenceModel,
  relative: number | undefined,
): Promise<ParityRow> {
  const { features } = model.manifest.net;
  const [time, first] = [40, 13];
  const x = randomInput(model.manifest.scaler, features, time, 5);
  const whole = reference.forward(x, 1, time);
  const a = await model.step(float([1, first, features], x.slice(0, first * features)));
  const b = await model.step(float([1, time - first, features], x.slice(first * features)), a.state);
  const joined = Float32Array.from([...a.y.data, ...b.y.data, ...b.state.data]);
  const expected = Float32Array.from([...whole.y, ...whole.state]);
  return compareValues(
    { check: 'split 13 + 27', runtime: runtime.name, batch: 1, time },
    expected,
    joined,
    relative,
  );
}

/** A prompt of random values. */
interface LoopPrompt {
  /** [batch, time, outputs] */
  x: Float32Array;
  batch: number;
  time: number;
  lag: number;
  outputs: number;
}

/**
 * Relative change of the prompt that stands for the rounding of two libraries. The closed loop of a trained net may be chaotic: a change of
 * 1e-6 grows to the size of the values within 50 samples, and no two libraries agree.
 */
const smallChange = 1e-6;
/** Growth of the change up to which closed loops are compared; the bound of the comparison is 10 times the change. */
const mostGrowth = 10;

/**
 * Number of samples after the prompt for which the closed loop is insensitive to rounding: measured by a small change of the last value of
 * the prompt.
 */
function stableSamples(
  reference: TfjsReference,
  { x, batch, time, lag, outputs, scaler }: LoopPrompt & { scaler: Scaler },
  expected: Float32Array,
): number {
  const changed = x.slice();
  let largest = 1;
  for (const value of expected) largest = Math.max(largest, Math.abs(value));
  for (let row = 0; row < batch; row++) {
    for (let output = 0; output < outputs; output++) {
      const at = ((row + 1) * time - 1) * outputs + output;
      changed[at] += smallChange * Math.max(scaler.scale[output], Math.abs(x[at]));
    }
  }
  const other = reference.closedLoop(changed, batch, time, generatedSamples, lag);
  const limit = mostGrowth * smallChange * largest;
  for (let sample = 0; sample < generatedSamples; sample++) {
    for (let row = 0; row < batch; row++) {
      for (let output = 0; output < outputs; output++) {
        const at = (row * generatedSamples + sample) * outputs + output;
        if (!(Math.abs(other[at] - expected[at]) <= limit)) return sample;
      }
    }
  }
  return generatedSamples;
}

/** The first samples of each row, [batch, samples, outputs]. */
function leading(values: Float32Array, batch: number, samples: number, outputs: number): Float32Array {
  const result = new Float32Array(batch * samples * outputs);
  for (let row = 0; row < batch; row++) {
    const start = row * generatedSamples * outputs;
    result.set(values.subarray(start, start + samples * outputs), row * samples * outputs);
  }
  return result;
}

/** What TensorFlow.js predicts for each generated sample from the prompt and the generated samples before it (teacher forcing). */
function stepByStep(
  reference: TfjsReference,
  { x, batch, time, lag, outputs }: LoopPrompt,
  generated: Float32Array,
): Float32Array {
  const whole = time + generatedSamples - lag;
  const fed = new Float32Array(batch * whole * outputs);
  for (let row = 0; row < batch; row++) {
    fed.set(x.subarray(row * time * outputs, (row + 1) * time * outputs), row * whole * outputs);
    const start = row * generatedSamples * outputs;
    fed.set(
      generated.subarray(start, start + (generatedSamples - lag) * outputs),
      (row * whole + time) * outputs,
    );
  }
  const { y } = reference.forward(fed, batch, whole);
  const columns = y.length / (batch * whole);
  const predicted = new Float32Array(batch * generatedSamples * outputs);
  for (let row = 0; row < batch; row++) {
    for (let sample = 0; sample < generatedSamples; sample++) {
      const at = (row * whole + time - lag + sample) * columns;
      predicted.set(y.subarray(at, at + outputs), (row * generatedSamples + sample) * outputs);
    }
  }
  return predicted;
}

async function generatorRows(
  runtime: Runtime,
  reference: TfjsReference,
  model: SequenceModel,
  bytes: Uint8Array,
  outputs: number,
): Promise<ParityRow[]> {
  const { lag, scaler } = model.manifest;
  const [batch, time] = [2, lag + 19];
  const x = randomInput(scaler, outputs, batch * time, 3);
  const prompt = float([batch, time, outputs], x);
  const session = await runtime.createSession(bytes);
  try {
    const { data } = (await generate(session, model.manifest, prompt, undefined, generatedSamples)).y;
    const expected = reference.closedLoop(x, batch, time, generatedSamples, lag);
    const stable = stableSamples(reference, { x, batch, time, lag, scaler, outputs }, expected);
    const first = (values: Float32Array): Float32Array => leading(values, batch, stable, outputs);
    const of = { runtime: runtime.name, batch, time };
    // Only model.onnx has int8 weights, so the two loops diverge.
    const looped =
      model.manifest.precision === 'int8' || stable === 0
        ? []
        : [
            compareValues(
              { check: `generator ${stable}, model.onnx looped`, ...of },
              (await generateClosedLoop(model, prompt, undefined, stable)).y.data,
              first(data),
            ),
          ];
    return [
      ...looped,
      ...(stable === 0
        ? []
        : [
            compareValues(
              { check: `generator ${stable}, TensorFlow.js looped`, ...of },
              first(expected),
              first(data),
            ),
          ]),
      compareValues(
        { check: `generator ${generatedSamples}, TensorFlow.js step by step`, ...of },
        stepByStep(reference, { x, batch, time, lag, outputs }, data),
        data,
      ),
    ];
  } finally {
    await session.release();
  }
}

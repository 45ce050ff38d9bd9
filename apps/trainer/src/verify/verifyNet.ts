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
    const actual = await generate(session, model.manifest, prompt, undefined, generatedSamples);
    const looped = await generateClosedLoop(model, prompt, undefined, generatedSamples);
    const expected = reference.closedLoop(x, batch, time, generatedSamples, lag);
    const of = { runtime: runtime.name, batch, time };
    const rows = [
      compareValues(
        { check: `generator ${generatedSamples}, model.onnx looped`, ...of },
        looped.y.data,
        actual.y.data,
      ),
      compareValues(
        { check: `generator ${generatedSamples}, TensorFlow.js looped`, ...of },
        expected,
        actual.y.data,
      ),
    ];
    // Only model.onnx has int8 weights, so the two loops diverge.
    return model.manifest.precision === 'int8' ? rows.slice(1) : rows;
  } finally {
    await session.release();
  }
}

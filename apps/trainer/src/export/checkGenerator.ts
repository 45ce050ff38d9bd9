import { drawKeys, modelFiles, ResultError, type Manifest, type ParityRow } from '@onda/contract';
import { drawValue, runGenerator, type Runtime, type RuntimeTensor, type Session } from '@onda/runtime';
import { createRandom } from '@onda/series';
import { compareValues } from './compare.ts';
import type { ModelBytes } from './publishModel.ts';

/** Values that a generator is compared on: a draw or a feedback out of place shows in the first few. */
const samples = 12;
const batch = 2;
const seed = 5n;

type Row = number[];

/**
 * Compares generator.onnx of a layers model with a loop over model.onnx, which has been compared with TensorFlow.js: the model is run
 * over all that is known again for each sample, or over the last window, and values are drawn in TypeScript.
 *
 * @param window samples that the model sees each time; null: all of them
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

/** Words and one-hot rows where classes are drawn, else numbers about 0: [batch][time][width]. */
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

/** Outputs of the last of `time` samples; the time of a model that fixes it is filled up with zeros, which come after that sample. */
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
      `model.onnx: expected float32 from "${name}", got ${output.type} (state ${state === null ? 'none' : 'kept'}); report it with the model`,
    );
  const width = output.dims[output.dims.length - 1];
  const steps = output.dims.length === 3 ? output.dims[1] : 1;
  // A window's only output; of a sequence that was filled up, or that a lag looks back into, that of its sample.
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

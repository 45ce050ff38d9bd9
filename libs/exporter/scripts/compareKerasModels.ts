/**
 * Exports the models of drawKerasModels.py and compares ONNX Runtime's outputs, and the reference interpreter's, with Keras'. Run it with
 * `npx tsx libs/exporter/scripts/compareKerasModels.ts FILE.json...`; it exits with 1 if an output is wrong.
 */
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { exportModel } from '../src/index.ts';
import { interpretModel } from '../src/testing/index.ts';

interface Values {
  shape: number[];
  data: number[];
}

interface Case {
  topology: object;
  weights: (Values & { name: string })[];
  input: Values;
  outputs: Values[];
  layers: string[];
}

interface Output {
  shape: readonly number[];
  data: ArrayLike<number>;
}

type Result = { kind: 'exact' | 'wrong' } | { kind: 'rejected'; why: string };

const bound = 1e-5;

const artifactsOf = ({ topology, weights }: Case) => ({
  modelTopology: topology,
  weightSpecs: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' as const })),
  weightData: Float32Array.from(weights.flatMap(({ data }) => data)).buffer,
});

const agree = (expected: Values[], outputs: Output[]): boolean =>
  expected.every(({ shape, data }, index) => {
    const output = outputs.at(index);
    if (output === undefined || String(output.shape) !== String(shape)) return false;
    const scale = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    return data.every((value, at) => Math.abs(value - output.data[at]) <= bound * scale);
  });

const runOnnx = async (one: Case): Promise<Output[]> => {
  const { bytes } = exportModel(artifactsOf(one));
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const { shape, data } = one.input;
  const results = await session.run({
    [session.inputNames[0]]: new Tensor('float32', Float32Array.from(data), shape),
  });
  const outputs = session.outputNames.map((name) => ({
    shape: results[name].dims,
    data: results[name].data as Float32Array,
  }));
  await session.release();
  return outputs;
};

const interpret = (one: Case): Output[] =>
  interpretModel(artifactsOf(one)).run([{ shape: one.input.shape, data: Float64Array.from(one.input.data) }]);

const judge = async (one: Case, run: (one: Case) => Output[] | Promise<Output[]>): Promise<Result> => {
  try {
    return { kind: agree(one.outputs, await run(one)) ? 'exact' : 'wrong' };
  } catch (error) {
    return { kind: 'rejected', why: error instanceof Error ? error.message : String(error) };
  }
};

for (const file of process.argv.slice(2)) {
  const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];
  for (const [title, run] of [
    ['exporter', runOnnx],
    ['interpreter', interpret],
  ] as const) {
    const counts = { exact: 0, rejected: 0, wrong: 0 };
    for (const [index, one] of cases.entries()) {
      const result = await judge(one, run);
      counts[result.kind] += 1;
      if (result.kind === 'wrong') console.log(`${title}: case ${index} is wrong: ${one.layers.join(', ')}`);
      if (result.kind === 'rejected' && run === runOnnx)
        console.log(`${title}: case ${index}: ${result.why}`);
    }
    console.log(
      `${file}: ${title}: ${cases.length} models, ${counts.exact} exact, ${counts.rejected} rejected, ${counts.wrong} wrong`,
    );
    if (counts.wrong > 0) process.exitCode = 1;
  }
}

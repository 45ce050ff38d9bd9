import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkModel, writeModel } from '@onda/onnx';
import type { ExportedModel } from '../../src/index.ts';
import { exportModel } from '../../src/index.ts';
import { mulberry32 } from '../support/ondaNetArtifacts.ts';
import type { Floats } from '../support/onnxRuntime.ts';
import { floats, LoadedModel } from '../support/onnxRuntime.ts';
import { artifactsOf } from '../support/tfjsModel.ts';
import { buildModel } from './buildModel.ts';
import type { MatrixRun } from './matrixRun.ts';
import { differences } from './matrixRun.ts';
import type { Draw, Family, InputPlan, ModelPlan } from './modelPlan.ts';
import { splitProblems } from './splitSequence.ts';
import { structureProblems } from './structure.ts';

const sizes = [1, 3].flatMap((batch) => [1, 2, 7].map((time) => ({ batch, time })));

/**
 * Builds a model, exports it, checks its structure, runs it in both libraries at every batch and time, and keeps file and values in
 * `folder` for other runtimes.
 *
 * @throws Error that lists all that is wrong
 */
export async function runCase(family: Family, plan: ModelPlan, folder: string, file: string): Promise<void> {
  const model = buildModel(plan);
  try {
    const exported = exportModel(await artifactsOf(model), {
      producerVersion: '0.1.0',
      stateful: plan.stateful,
    });
    const problems = [...checkModel(exported.model), ...structureProblems(exported.model, plan, family)];
    const loaded = await LoadedModel.of(exported.model);
    const open = plan.inputs.some(({ shape }) => shape.includes(null));
    const runs: MatrixRun[] = [];
    for (const { batch, time } of sizes) {
      if (open ? time < family.leastTime : time > 1) continue;
      const run = runInTfjs(model, plan, exported, batch, time);
      if (overflows(run, plan)) continue;
      runs.push(run);
      problems.push(...differences(await loaded.run(run.feeds), run, `batch ${batch}, time ${time}`));
      if (plan.stateful && time > 1) problems.push(...(await splitProblems(loaded, run, time)));
    }
    await loaded.session.release();
    if (problems.length > 0) throw new Error(problems.join('\n'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${file}.onnx`), writeModel(exported.model));
    writeFileSync(path.join(folder, `${file}.json`), JSON.stringify(runs, plainValues));
  } finally {
    model.dispose();
  }
}

/**
 * Unbounded gates may double values at every sample; overflow is not compared. Softplus in ONNX Runtime's
 * recurrent kernels does above 88, which a warning of the export says.
 */
function overflows({ expected }: MatrixRun, plan: ModelPlan): boolean {
  const most = JSON.stringify(plan.calls).includes('softplus') ? 80 : 1e30;
  return Object.values(expected).some(({ data }) => data.some((value) => !(Math.abs(value) < most)));
}

const plainValues = (_key: string, value: unknown): unknown =>
  value instanceof Float32Array ? Array.from(value) : value;

function runInTfjs(
  model: LayersModel,
  plan: ModelPlan,
  { model: { graph }, state }: ExportedModel,
  batch: number,
  time: number,
): MatrixRun {
  const random = mulberry32(plan.seed + 31 * batch + time);
  const inputs = plan.inputs.map((one) => drawInput(one, batch, time, random));
  const outputs: Floats[] = [];
  tidy(() => {
    const result = model.predict(inputs.map(({ dims, data }) => tensor(data, [...dims])));
    for (const output of Array.isArray(result) ? result : [result])
      outputs.push(floats(output.shape, output.dataSync()));
  });
  const feeds = graph.inputs.map(({ name }, index): [string, Floats] => [
    name,
    // States come after a model's own inputs; every sequence starts from zeros.
    index < inputs.length
      ? inputs[index]
      : floats([batch, state?.size ?? 0], new Float32Array(batch * (state?.size ?? 0))),
  ]);
  const expected = outputs.map((output, index): [string, Floats] => [graph.outputs[index].name, output]);
  return { feeds: Object.fromEntries(feeds), expected: Object.fromEntries(expected) };
}

function drawInput({ shape, draw }: InputPlan, batch: number, time: number, random: () => number): Floats {
  const dims = [batch, ...shape.map((dim) => dim ?? time)];
  const size = dims.reduce((product, dim) => product * dim, 1);
  const sample = dims.slice(2).reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length: size }, () => drawValue(draw, random));
  if (typeof draw === 'object' && 'masked' in draw) {
    for (let start = 0; start < size; start += sample)
      if (random() < 0.4) data.fill(draw.masked, start, start + sample);
  }
  return { dims, data };
}

function drawValue(draw: Draw, random: () => number): number {
  return typeof draw === 'object' && 'below' in draw ? Math.floor(random() * draw.below) : 2 * random() - 1;
}

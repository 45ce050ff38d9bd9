import fc from 'fast-check';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { writeModel, writeSplitModel } from '@onda/onnx';
import type { ExternalFiles } from '@onda/onnx';
import type { ExportModelOptions } from '../../src/index.ts';
import { exportGenerator, exportModel } from '../../src/index.ts';
import { buildModel } from '../matrix/buildModel.ts';
import { matrixFamilies } from '../matrix/families/matrixFamilies.ts';
import { artifactsOf, randomizeWeights } from '../support/tfjsModel.ts';

/** A sound file, and those beside it. */
export interface ModelFile {
  readonly name: string;
  readonly file: Uint8Array;
  readonly data: ExternalFiles;
}

const inside = (name: string, file: Uint8Array): ModelFile => ({ name, file, data: {} });

/** What the exporter writes: a model of every layer kind, and one net in every form. */
export async function modelFiles(seed: number): Promise<ModelFile[]> {
  const kinds: ModelFile[] = [];
  for (const { name, plan } of matrixFamilies) {
    const [drawn] = fc.sample(plan, { seed, numRuns: 1 });
    const model = buildModel(drawn);
    const options = { stateful: drawn.stateful, producerVersion: '0.1.0' };
    kinds.push(inside(name, exportModel(await artifactsOf(model), options).bytes));
    model.dispose();
  }
  return [...kinds, ...(await netFiles())];
}

async function netFiles(): Promise<ModelFile[]> {
  const quick = { recurrentInitializer: 'zeros', returnSequences: true } as const;
  const model = sequential();
  model.add(layers.lstm({ ...quick, units: 10, inputShape: [null, 2] }));
  model.add(layers.gru({ ...quick, units: 4 }));
  model.add(layers.dense({ units: 2 }));
  randomizeWeights(model, 6);
  const artifacts = await artifactsOf(model);
  const forms: Record<string, ExportModelOptions> = {
    plain: {},
    stateful: { stateful: true },
    separate: { stateful: true, states: 'separate' },
    float16: { precision: 'float16' },
    int8: { precision: 'int8', stateful: true },
    'opset 21': { opset: 21 },
  };
  const files = Object.entries(forms).map(([name, options]) =>
    inside(name, exportModel(artifacts, options).bytes),
  );
  const { file, data } = writeSplitModel(exportModel(artifacts).model, 'model.onnx.data');
  return [
    ...files,
    {
      name: 'external data',
      file,
      data: { 'model.onnx.data': Uint8Array.from(data.flatMap((part) => [...part])) },
    },
    inside('generator', writeModel(exportGenerator(artifacts, {}).model)),
  ];
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeModel } from '@onda/onnx';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import type { ExportModelOptions } from '../../src/index.ts';
import { exportModel } from '../../src/index.ts';
import { mulberry32 } from '../support/ondaNetArtifacts.ts';
import type { Floats } from '../support/onnxRuntime.ts';
import { floats, LoadedModel } from '../support/onnxRuntime.ts';
import { artifactsOf, randomizeWeights } from '../support/tfjsModel.ts';
import { checkInPython, findCheckerPython } from './python.ts';

/** Every way to write one model: what onnx.checker and another build of ONNX Runtime say of it. */
const formats: Omit<ExportModelOptions, 'producerVersion'>[] = [
  ...[14, 15, 16, 17, 18, 19, 20, 21].map((opset) => ({ opset })),
  ...(['float16', 'int8'] as const).flatMap((precision) =>
    [14, 17, 21].map((opset) => ({ precision, opset })),
  ),
  { stateful: true },
  { stateful: true, states: 'separate' },
  { stateful: true, states: 'separate', precision: 'int8' },
];

const python = findCheckerPython(process.env);

it.skipIf(python === null)('every format passes onnx.checker and runs alike in Python', async () => {
  const quick = { recurrentInitializer: 'zeros' } as const;
  const model = sequential();
  model.add(layers.dense({ units: 12, inputShape: [null, 3] as never, activation: 'tanh' }));
  model.add(layers.lstm({ ...quick, units: 16, returnSequences: true }));
  model.add(layers.gru({ ...quick, units: 8, returnSequences: true }));
  model.add(layers.dense({ units: 2 }));
  randomizeWeights(model, 6);
  const artifacts = await artifactsOf(model);
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-formats-'));
  try {
    for (const [index, format] of formats.entries()) {
      const { model: exported } = exportModel(artifacts, { ...format, producerVersion: '0.1.0' });
      const random = mulberry32(index);
      const feeds = Object.fromEntries(
        exported.graph.inputs.map(({ name, shape }): [string, Floats] => {
          const dims = (shape ?? []).map((dim) => (typeof dim === 'number' ? dim : dim === 'batch' ? 2 : 7));
          const size = dims.reduce((product, dim) => product * dim, 1);
          return [
            name,
            floats(
              dims,
              Array.from({ length: size }, () => 2 * random() - 1),
            ),
          ];
        }),
      );
      const expected = await (await LoadedModel.of(exported)).run(feeds);
      const file = path.join(folder, String(index));
      writeFileSync(`${file}.onnx`, writeModel(exported));
      writeFileSync(`${file}.json`, JSON.stringify([{ feeds: listed(feeds), expected: listed(expected) }]));
    }
    const { code, lines } = checkInPython(python!, folder);
    expect(lines.at(-1)).toContain(`${formats.length} models, ${formats.length} runs, 0 problems`);
    expect(code).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function listed(tensors: Record<string, Floats>): object {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dims, data }]) => [name, { dims, data: [...data] }]),
  );
}

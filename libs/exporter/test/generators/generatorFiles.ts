import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Sampling } from '@onda/contract';
import { writeModel } from '@onda/onnx';
import type { LayersArtifacts } from '../../src/index.ts';
import { exportGenerator } from '../../src/index.ts';
import { mulberry32, ondaNetArtifacts, randomWeights } from '../support/ondaNetArtifacts.ts';
import { floats, LoadedModel } from '../support/onnxRuntime.ts';
import { artifactsOf, randomizeWeights } from '../support/tfjsModel.ts';

/** A tensor as JSON has it; whole numbers as numbers. */
export interface PlainTensor {
  readonly type: 'float32' | 'int64';
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

/** What a generator is fed, and what it gave in onnxruntime-node. */
export interface GeneratorRun {
  readonly feeds: Readonly<Record<string, PlainTensor>>;
  readonly expected: Readonly<Record<string, PlainTensor>>;
}

interface Case {
  readonly name: string;
  readonly artifacts: LayersArtifacts;
  readonly features: number;
  readonly batch: number;
  readonly sampling?: Sampling;
  readonly lag?: number;
}

const onda = (cell: 'rnn' | 'lstm' | 'gru', units: number): LayersArtifacts => {
  const spec = { cell, units, layers: 1, features: 1, outputs: 1 };
  return ondaNetArtifacts(spec, randomWeights(spec, 6));
};

function stock(
  list: NonNullable<NonNullable<Parameters<typeof sequential>[0]>['layers']>,
): Promise<LayersArtifacts> {
  const model: LayersModel = sequential({ layers: list });
  randomizeWeights(model, 5);
  return artifactsOf(model);
}

const seq = { returnSequences: true } as const;
const source = 'seed';

/** Every form of the loop, small batches and large, every head. */
async function cases(): Promise<Case[]> {
  const numbers = (outputs: number): Promise<LayersArtifacts> =>
    stock([layers.gru({ units: 5, ...seq, inputShape: [null, 2] }), layers.dense({ units: outputs })]);
  const letters = await stock([
    layers.bidirectional({ layer: layers.lstm({ units: 4 }), mergeMode: 'concat', inputShape: [5, 3] }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ]);
  const classes = { kind: 'categorical', from: 'probabilities', temperature: 0.8, source } as const;
  return [
    ...(['rnn', 'lstm', 'gru'] as const).flatMap((cell) =>
      [1, 60].map((batch) => ({ name: `${cell}-${batch}`, artifacts: onda(cell, 16), features: 1, batch })),
    ),
    { name: 'lag', artifacts: onda('gru', 9), features: 1, batch: 2, lag: 3 },
    { name: 'own-nodes', artifacts: await numbers(2), features: 2, batch: 2 },
    {
      name: 'gaussian',
      artifacts: await numbers(4),
      features: 2,
      batch: 2,
      sampling: { kind: 'gaussian', source },
    },
    {
      name: 'quantile',
      artifacts: await numbers(6),
      features: 2,
      batch: 2,
      sampling: { kind: 'quantile', levels: [0.5, 0.1, 0.9], source },
    },
    { name: 'window', artifacts: letters, features: 3, batch: 2, sampling: classes },
  ];
}

/** Writes NAME.onnx and NAME.json for each case into the folder; returns how many. */
export async function writeGenerators(folder: string): Promise<number> {
  const all = await cases();
  for (const { name, artifacts, features, batch, sampling, lag = 1 } of all) {
    const options = { lag, producerVersion: '0', ...(sampling && { sampling }) };
    const { model, state, prompt } = exportGenerator(artifacts, options);
    const random = mulberry32(8);
    const time = prompt + 4;
    const x = floats(
      [batch, time, features],
      Array.from({ length: batch * time * features }, () => 2 * random() - 1),
    );
    const rows = state && floats([batch, state.size], new Float32Array(batch * state.size));
    const result = await (
      await LoadedModel.of(model)
    ).run({
      x,
      ...(rows && { state_in: rows }),
      samples: 20n,
      ...(sampling && { seed: -123_456_789_012n }),
    });
    const plain = ({ dims, data }: { dims: readonly number[]; data: Float32Array }): PlainTensor => ({
      type: 'float32',
      dims,
      data: Array.from(data),
    });
    const whole = (value: number): PlainTensor => ({ type: 'int64', dims: [1], data: [value] });
    const run: GeneratorRun = {
      feeds: {
        x: plain(x),
        ...(rows && { state_in: plain(rows) }),
        samples: whole(20),
        ...(sampling && { seed: whole(-123_456_789_012) }),
      },
      expected: Object.fromEntries(Object.entries(result).map(([key, value]) => [key, plain(value)])),
    };
    writeFileSync(path.join(folder, `${name}.onnx`), writeModel(model));
    writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(run));
  }
  return all.length;
}

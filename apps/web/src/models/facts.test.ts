import { readFileSync } from 'node:fs';
import type { Sampling } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { exampleManifest } from '../testing/exampleModel.ts';
import { modelFacts, parameterCount } from './facts.ts';

const folder = new URL('../../../../examples/models/lagged-sine/1/', import.meta.url);
const manifest = exampleManifest((file) => readFileSync(new URL(file, folder)));

describe(parameterCount, () => {
  it('counts kernels, two bias vectors per layer and the read-out', () => {
    const net = { cell: 'rnn', units: 32, layers: 1, features: 1, outputs: 1 } as const;
    expect(parameterCount(net)).toBe(32 + 32 * 32 + 64 + 33);
    expect(parameterCount({ ...net, cell: 'lstm', layers: 2 })).toBe(
      4 * (32 + 1024 + 64) + 4 * (1024 + 1024 + 64) + 33,
    );
  });
});

describe(modelFacts, () => {
  it('lists the net and its files', () => {
    const files = {
      'model.onnx': { sha256: `df97f4cc${'0'.repeat(56)}`, bytes: 5203 },
      'generator.onnx': { sha256: `16185440${'0'.repeat(56)}`, bytes: 10_000 },
    };
    const facts = modelFacts({ ...manifest, files });
    expect(facts.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Net: RNN, 1 layer of 32 units, 1 in, 1 out',
      'Parameters: 1,153',
      'State: 32 numbers per sequence',
      'Lag: 1 sample',
      'Scaling: none',
      'model.onnx: 5.1 KiB, SHA-256 df97f4cc…',
      'generator.onnx: 9.8 KiB, SHA-256 16185440…',
    ]);
    expect(facts[5].full).toBe(files['model.onnx'].sha256);
  });

  it.each<[Sampling, string]>([
    [{ kind: 'gaussian', source: 'seed' }, 'drawn from normal distributions'],
    [{ kind: 'quantile', levels: [0.5, 0.1], source: 'seed' }, 'drawn between 2 quantiles'],
  ])('lists the distribution of sampled values: %j', (sampling, text) => {
    const values = modelFacts({ ...manifest, sampling }).find(({ name }) => name === 'Values');
    expect(values?.value).toBe(text);
  });

  it('lists training and parity if the manifest has them', () => {
    const training = {
      config: {},
      seed: 7,
      backend: 'tensorflow',
      versions: {},
      dataSha256: '0'.repeat(64),
      steps: 600,
      finalLoss: 0.00123,
    };
    const row = {
      check: 'model',
      runtime: 'node',
      batch: 1,
      time: 7,
      maxAbs: 3e-7,
      maxRel: 0,
      tolerance: 1e-5,
    };
    const facts = modelFacts({ ...manifest, training, parity: [row, { ...row, maxAbs: 1e-7 }] });
    expect(facts.slice(-2).map(({ value }) => value)).toEqual([
      '600 steps, seed 7, loss 0.00123, by tensorflow',
      '2 checks, largest difference 3.00e-7',
    ]);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Manifest } from '@onda/contract';
import { parseManifest } from '@onda/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { emptyFolder, layer, saveModel } from '../testing/savedModel.ts';
import { exportCommand, type ExportCall } from './export.ts';

const usual: ExportCall = {
  name: 'loop',
  stateful: false,
  allowNan: false,
  externalData: false,
  generator: false,
  verify: true,
};

beforeAll(() => {
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** An LSTM of 5 units on 4 features with the given number of outputs. */
function lstmModel(
  time: number | null,
  outputs: number,
  { sequences, activation }: { sequences: boolean; activation: string },
): string {
  return saveModel(
    [
      layer('LSTM', 'lstm', {
        batch_input_shape: [null, time, 4],
        dtype: 'float32',
        units: 5,
        return_sequences: sequences,
      }),
      layer('Dense', 'dense', { units: outputs, activation }),
    ],
    {
      'lstm/kernel': [4, 20],
      'lstm/recurrent_kernel': [5, 20],
      'lstm/bias': [20],
      'dense/kernel': [5, outputs],
      'dense/bias': [outputs],
    },
  );
}

async function exported(source: string, call: Partial<ExportCall>): Promise<Manifest> {
  const dest = path.join(emptyFolder(), 'models');
  await exportCommand(source, dest, { ...usual, ...call });
  const folder = path.join(dest, 'loop/1');
  expect(readdirSync(folder).sort()).toEqual(['generator.onnx', 'model.onnx', 'onda.json']);
  const file = path.join(folder, 'onda.json');
  return parseManifest(JSON.parse(readFileSync(file, 'utf8')), file);
}

const looped = ({ parity }: Manifest): string[] =>
  parity.map(({ check }) => check).filter((check) => check.startsWith('generator'));

describe('export --generator', () => {
  it('writes the loop of a model that runs in pieces, beside one that keeps its states', async () => {
    const manifest = await exported(lstmModel(null, 4, { sequences: true, activation: 'tanh' }), {
      generator: true,
    });
    expect(manifest.state).toMatchObject({ size: 10 });
    expect(manifest.prompt).toBe(1);
    expect(manifest.tensors.generator?.inputs.map(({ name }) => name)).toEqual(['x', 'state_in', 'samples']);
    expect(looped(manifest)).toEqual(['generator 12, model.onnx looped']);
  });

  it('draws characters by a window from a seed', async () => {
    const source = lstmModel(6, 4, { sequences: false, activation: 'softmax' });
    const manifest = await exported(source, { sampling: 'categorical:0.5' });
    const drawn = { from: 'probabilities', source: 'seed' };
    expect(manifest.sampling).toEqual({ kind: 'categorical', temperature: 0.5, ...drawn });
    expect([manifest.state, manifest.prompt]).toEqual([null, 6]);
    expect(manifest.tensors.generator?.inputs.map(({ name }) => name)).toEqual(['x', 'samples', 'seed']);
    expect(looped(manifest)).toEqual(['generator 12, model.onnx looped']);
  });

  it.each([
    [8, 'gaussian'],
    [12, 'quantile:0.1,0.5,0.9'],
  ])('draws numbers: %i outputs, %s', async (outputs, sampling) => {
    const source = lstmModel(null, outputs, { sequences: true, activation: 'linear' });
    expect(looped(await exported(source, { sampling }))).toEqual(['generator 12, model.onnx looped']);
  });

  const source = lstmModel(null, 3, { sequences: true, activation: 'linear' });
  it.each([
    [
      { generator: true },
      /^model "saved": its output cannot be its next input: expected as many outputs as features, 4, got \[batch, time, 3\] for \[batch, time, 4\]; export it without a generator$/,
    ],
    [
      { sampling: 'dice' },
      /^--sampling: expected categorical, categorical:TEMPERATURE, gaussian, or quantile:LEVEL,LEVEL,\.\.\., got "dice"; correct the option$/,
    ],
    [
      { generator: true, precision: 'float16' },
      /^export .*: --precision: expected float32 together with --generator, got float16; the generator of a layers model has float32 weights, so omit one of the options$/,
    ],
    [{ sampling: 'quantile:0.1,2' }, /^--sampling: expected .*, got "quantile:0\.1,2"; correct the option$/],
    [{ sampling: 'categorical:-1' }, /^--sampling: expected .*, got "categorical:-1"; correct the option$/],
  ])('rejects in one sentence and writes nothing: %j', async (call, message) => {
    const dest = path.join(emptyFolder(), 'models');
    await expect(exportCommand(source, dest, { ...usual, ...call })).rejects.toThrow(message);
    expect(existsSync(dest)).toBe(false);
  });
});

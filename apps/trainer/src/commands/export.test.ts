import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { OndaError } from '@onda/contract';
import { parseManifest } from '@onda/contract';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  convolutionModel,
  emptyFolder,
  layer,
  saveModel,
  torchModel,
  wideModel,
  wordsModel,
} from '../testing/savedModel.ts';
import { exportCommand, type ExportCall } from './export.ts';

const usual: ExportCall = {
  stateful: false,
  allowNan: false,
  externalData: false,
  generator: false,
  verify: true,
};

let said: string;
beforeAll(() => {
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** Exports into an empty repository; gives its folder and what was said. */
async function exported(source: string, call: Partial<ExportCall>): Promise<{ dest: string; text: string }> {
  const dest = path.join(emptyFolder(), 'models');
  said = '';
  await exportCommand(source, dest, { ...usual, name: 'words', ...call });
  return { dest, text: said };
}

const manifestOf = (dest: string): ReturnType<typeof parseManifest> => {
  const file = path.join(dest, 'words/1/onda.json');
  return parseManifest(JSON.parse(readFileSync(file, 'utf8')), file);
};

describe(exportCommand, () => {
  it('exports a layers model with weights in shards and keeps its own names', async () => {
    const { dest, text } = await exported(wordsModel(3), {});
    expect(readdirSync(path.join(dest, 'words/1')).sort()).toEqual(['model.onnx', 'onda.json']);
    const { net, state, tensors, parity } = manifestOf(dest);
    expect([net, state, tensors.generator]).toEqual([null, null, null]);
    expect(tensors.model.inputs).toEqual([
      { name: 'words_input', type: 'float32', shape: ['batch', 'time'] },
    ]);
    expect(tensors.model.outputs).toEqual([{ name: 'dense', type: 'float32', shape: ['batch', 3] }]);
    expect(parity.map(({ check, time }) => [check, time])).toEqual([
      ['values, seed 1', 1],
      ['values, seed 1', 7],
      ['values, seed 1', 20],
    ]);
    expect(text).toContain('warning: node "lstm" (LSTM): the WebGPU provider refuses it');
    expect(readFileSync(path.join(dest, 'words/config.pbtxt'), 'utf8')).toContain(
      'input [ { name: "words_input" data_type: TYPE_FP32 dims: [ -1 ] } ]',
    );
  });

  it('compares a sequence in pieces for stateful models, packed and separate', async () => {
    for (const states of ['row', 'separate']) {
      const { dest } = await exported(wordsModel(), { stateful: true, states });
      expect(manifestOf(dest).parity.map(({ check }) => check)).toContain('split 7 + 13');
    }
  });

  it.each([
    ['float16', 'values, seed 1, float32 weights'],
    ['int8', 'values, seed 1'],
  ])('writes weights in %s, with their own parity rows', async (precision, check) => {
    const { dest } = await exported(wordsModel(), { precision });
    const manifest = manifestOf(dest);
    expect(manifest.precision).toBe(precision);
    const rows = manifest.parity.filter((row) => row.check === check);
    expect(rows).toHaveLength(3);
    expect(rows[0].tolerance).toBeGreaterThan(1e-5);
  });

  it('keeps large weights in a file beside the model, where ONNX Runtime finds them', async () => {
    const { dest } = await exported(wideModel(), { externalData: true });
    const folder = path.join(dest, 'words/1');
    expect(readdirSync(folder).sort()).toEqual(['model.onnx', 'model.onnx.data', 'onda.json']);
    expect(Object.keys(manifestOf(dest).files)).toEqual(['model.onnx', 'model.onnx.data']);
    const session = await InferenceSession.create(path.join(folder, 'model.onnx'));
    const x = new Tensor('float32', new Float32Array(20), [1, 20]);
    const { dense } = await session.run({ dense_input: x });
    expect(dense.data).toHaveLength(30);
  });

  it('creates a new version only for different bytes', async () => {
    const source = wordsModel();
    const { dest } = await exported(source, { verify: false });
    said = '';
    await exportCommand(source, dest, { ...usual, name: 'words', verify: false });
    expect(said).toContain('already has these bytes; no new version was created');
    await exportCommand(source, dest, { ...usual, name: 'words', verify: false, opset: '18' });
    expect(readdirSync(path.join(dest, 'words')).sort()).toEqual(['1', '2', 'config.pbtxt']);
  });

  it('skips lengths that TensorFlow.js cannot run', async () => {
    const { dest } = await exported(convolutionModel(), {});
    expect(manifestOf(dest).parity.map(({ time }) => time)).toEqual([7, 20]);
  });

  const unknown = saveModel([layer('Mystery', 'm', { batch_input_shape: [null, 2], dtype: 'float32' })], {});
  const cases: [string, () => string, Partial<ExportCall>, RegExp][] = [
    [
      'a convolution over the time with states',
      convolutionModel,
      { stateful: true },
      /^layer "conv": its windows of 5 samples, .* so a sequence cannot come in pieces; export without stateful$/,
    ],
    [
      'a missing source',
      () => '/nowhere',
      {},
      /^model \/nowhere: cannot be read: it does not exist; check the path$/,
    ],
    [
      'a folder without a model',
      emptyFolder,
      {},
      /^model .*model\.json: cannot be read: it does not exist; check the path$/,
    ],
    [
      'no name',
      wordsModel,
      { name: undefined },
      /^export .*: expected --name NAME, because the file has no name for it; add the option$/,
    ],
    [
      'a name that cannot be a folder',
      wordsModel,
      { name: '../words' },
      /^name: expected 1 to 128 letters, digits, .* got "\.\.\/words"; choose another name$/,
    ],
    ['an operator set that is too old', wordsModel, { opset: '13' }, /^opset: expected 14 to 21, got 13; /],
    [
      'an operator set that is not a number',
      wordsModel,
      { opset: 'new' },
      /^--opset: expected a number from 14 to 21, got "new"; correct or omit the option$/,
    ],
    [
      'an unknown packing',
      wordsModel,
      { states: 'column' },
      /^--states: expected row or separate, got "column"; correct or omit the option$/,
    ],
    [
      'an unknown precision',
      wordsModel,
      { precision: 'int4' },
      /^--precision: expected float32 or float16 or int8, got "int4"; correct or omit the option$/,
    ],
    [
      'a packing without states',
      wordsModel,
      { states: 'separate' },
      /^export .*: --states: expected --stateful as well, .*; add --stateful or omit --states$/,
    ],
    [
      'a shard that is missing',
      () => {
        const source = wordsModel(3);
        rmSync(path.join(source, 'group1-shard2of3.bin'));
        return source;
      },
      {},
      /^weights .*group1-shard2of3\.bin: cannot be read: it does not exist; check the path$/,
    ],
    [
      'a shard that is cut short',
      () => {
        const source = wordsModel(3);
        truncateSync(path.join(source, 'group1-shard3of3.bin'), 100);
        return source;
      },
      {},
      /^model weights: expected 1460 bytes as the weight specs say, got 1074; the file is damaged or cut short, save the model again$/,
    ],
    [
      'weights that are not a number',
      () => {
        const source = wordsModel();
        const file = path.join(source, 'group1-shard1of1.bin');
        const bytes = readFileSync(file);
        bytes.writeFloatLE(NaN, 8);
        writeFileSync(file, bytes);
        return source;
      },
      {},
      /^weight "words\/embeddings": expected finite values, got NaN at index 2; /,
    ],
    [
      'a graph model',
      () => {
        const source = wordsModel();
        writeFileSync(path.join(source, 'model.json'), JSON.stringify({ format: 'graph-model' }));
        return source;
      },
      {},
      /^.*: expected a layers model, got a graph model, which no longer has layers; /,
    ],
    [
      'a state dict of PyTorch without --torch',
      torchModel,
      {},
      /^.*\.safetensors: a state dict of PyTorch is read with --torch; add the option$/,
    ],
    ['a layer that is not known', () => unknown, {}, /^layer "m": Mystery is not supported: /],
  ];
  it.each(cases)('rejects %s in one sentence and writes nothing', async (_what, source, call, message) => {
    const dest = path.join(emptyFolder(), 'models');
    const options = { ...usual, name: 'words', ...call };
    const failure = await exportCommand(source(), dest, options).catch((error: unknown) => error);
    expect((failure as OndaError).message).toMatch(message);
    expect([1, 2]).toContain((failure as OndaError).exitCode);
    expect(existsSync(dest)).toBe(false);
  });

  it('exports a state dict of PyTorch as an Onda net with its generator', async () => {
    const { dest } = await exported(torchModel(), { torch: 'tanh' });
    const { net, parity } = manifestOf(dest);
    expect(net).toMatchObject({ cell: 'rnn', units: 2, layers: 1, features: 1, outputs: 1 });
    expect(parity.some(({ check }) => check.startsWith('generator'))).toBe(true);
    expect(readdirSync(path.join(dest, 'words/1'))).toContain('generator.onnx');
  });

  it('says in one sentence that a repository cannot be written', async () => {
    const dest = path.join(emptyFolder(), 'models');
    writeFileSync(dest, 'a file');
    const failure = exportCommand(wordsModel(), dest, { ...usual, name: 'words' });
    await expect(failure).rejects.toThrow(
      /^.*\/models\/words\/1: cannot be written: a part of its path is a file; check the path$/,
    );
    expect(readFileSync(dest, 'utf8')).toBe('a file');
  });

  it('names the reason where TensorFlow.js is known to give other values than TensorFlow', async () => {
    const window = {
      kernel_size: [1, 1, 1],
      strides: [2, 2, 2],
      padding: 'same',
      filters: 1,
      use_bias: false,
    };
    const shape = { batch_input_shape: [null, 4, 4, 4, 1], dtype: 'float32' };
    const source = saveModel([layer('Conv3D', 'conv', { ...window, ...shape })], {
      'conv/kernel': [1, 1, 1, 1, 1],
    });
    const dest = path.join(emptyFolder(), 'models');
    const failure = exportCommand(source, dest, { ...usual, name: 'volume' });
    await expect(failure).rejects.toThrow(
      /else please report it with the model:\nlayer "conv": its windows are smaller than their stride; [^\n]*$/,
    );
    expect(existsSync(dest)).toBe(false);
  });
});

/** A SimpleRNN of 2 units on one feature, with the input shape of its source. */
const fixedModel = (batch: number | null, time: number | null): string =>
  saveModel(
    [layer('SimpleRNN', 'r', { units: 2, return_sequences: true, batch_input_shape: [batch, time, 1] })],
    { 'r/kernel': [1, 2], 'r/recurrent_kernel': [2, 2], 'r/bias': [2] },
  );

describe('the sizes of a comparison', () => {
  it.each([
    [
      null,
      5,
      ['values, seed 1: 1 x 5', 'values, seed 1: 3 x 5', 'values, seed 1: 2 x 5', 'split 1 + 4: 2 x 5'],
    ],
    [null, 1, ['values, seed 1: 1 x 1', 'values, seed 1: 3 x 1', 'values, seed 1: 2 x 1']],
    [4, 5, ['values, seed 1: 4 x 5', 'split 1 + 4: 4 x 5']],
    [
      4,
      null,
      ['values, seed 1: 4 x 1', 'values, seed 1: 4 x 7', 'values, seed 1: 4 x 20', 'split 7 + 13: 4 x 20'],
    ],
  ])('are those of a source of batch %s and time %s', async (batch, time, expected) => {
    const { dest } = await exported(fixedModel(batch, time), { stateful: true });
    const rows = manifestOf(dest).parity.map((row) => `${row.check}: ${row.batch} x ${row.time}`);
    expect(rows).toEqual(expected);
  });

  it('are several batches for a model without time', async () => {
    const dense = saveModel([layer('Dense', 'd', { units: 2, batch_input_shape: [null, 3] })], {
      'd/kernel': [3, 2],
      'd/bias': [2],
    });
    const { dest } = await exported(dense, {});
    expect(manifestOf(dest).parity.map(({ batch }) => batch)).toEqual([1, 3, 2]);
  });
});

describe('models of Keras', () => {
  const keras = { keras_version: '2.15.0', backend: 'tensorflow' };
  /** Keras' default GRU, which TensorFlow.js cannot load. */
  const gru = (): string =>
    saveModel(
      [
        layer('Masking', 'm', { mask_value: 0, batch_input_shape: [null, null, 2] }),
        layer('GRU', 'g', {
          units: 3,
          activation: 'tanh',
          recurrent_activation: 'sigmoid',
          reset_after: true,
          return_sequences: true,
        }),
      ],
      { 'g/gru_cell/kernel': [2, 9], 'g/gru_cell/recurrent_kernel': [3, 9], 'g/gru_cell/bias': [2, 9] },
      1,
      keras,
    );

  it('are compared with the reference interpreter, which the rows name', async () => {
    const { dest } = await exported(gru(), {});
    const checks = new Set(manifestOf(dest).parity.map(({ check }) => check));
    expect([...checks]).toEqual([
      'values, seed 1, reference interpreter',
      'values, a third of the samples 0, seed 3, reference interpreter',
    ]);
  });

  it('are compared with the cases of their maker', async () => {
    const model = saveModel([layer('ReLU', 'y', { batch_input_shape: [null, 2] })], {}, 1, keras);
    const file = path.join(emptyFolder(), 'cases.json');
    const one = (data: number[]): object => ({
      inputs: [{ shape: [1, 2], data: [-1, 2] }],
      outputs: { y: { shape: [1, 2], data } },
    });
    writeFileSync(file, JSON.stringify([one([0, 2]), one([0, 2])]));
    const { dest } = await exported(model, { cases: file });
    expect(manifestOf(dest).parity.map(({ check }) => check)).toEqual([
      'case 1 of the model\'s maker, "y"',
      'case 2 of the model\'s maker, "y"',
    ]);
    writeFileSync(file, JSON.stringify(one([0, 3])));
    await expect(exported(model, { cases: file })).rejects.toMatchObject({ code: 'result' });
    writeFileSync(file, JSON.stringify({ inputs: [] }));
    await expect(exported(model, { cases: file })).rejects.toMatchObject({ code: 'config' });
  });
});

describe('--allow-nan', () => {
  const net = (): string => {
    const folder = saveModel(
      [
        layer('OndaLSTM', 'l', { units: 1, return_sequences: true, batch_input_shape: [null, null, 1] }),
        layer('Dense', 'd', { units: 1, activation: 'linear' }),
      ],
      {
        'l/kernel': [1, 4],
        'l/recurrent_kernel': [1, 4],
        'l/bias': [4],
        'l/recurrent_bias': [4],
        'd/kernel': [1, 1],
        'd/bias': [1],
      },
    );
    const file = path.join(folder, 'group1-shard1of1.bin');
    const bytes = readFileSync(file);
    bytes.writeFloatLE(NaN, bytes.length - 4);
    writeFileSync(file, bytes);
    return folder;
  };

  it('applies to an Onda net', async () => {
    await expect(exported(net(), { verify: false })).rejects.toThrow(/expected finite values, got NaN/);
    const { dest } = await exported(net(), { verify: false, allowNan: true });
    expect(manifestOf(dest).net).not.toBeNull();
  });
});

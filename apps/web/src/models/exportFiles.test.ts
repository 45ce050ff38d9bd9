import { DataError } from '@onda/contract';
import { readModel } from '@onda/onnx';
import { describe, expect, it } from 'vitest';
import { exportFiles } from './exportFiles.ts';
import type { GivenFile } from './exportFiles.ts';

const document = {
  modelTopology: {
    class_name: 'Sequential',
    config: {
      name: 'm',
      layers: [
        {
          class_name: 'GRU',
          config: { name: 'gru', units: 2, batch_input_shape: [null, null, 1], dtype: 'float32' },
        },
      ],
    },
  },
  weightsManifest: [
    {
      paths: ['a.bin', 'b.bin'],
      weights: [
        { name: 'gru/kernel', shape: [1, 6], dtype: 'float32' },
        { name: 'gru/recurrent_kernel', shape: [2, 6], dtype: 'float32' },
        { name: 'gru/bias', shape: [6], dtype: 'float32' },
      ],
    },
  ],
};

const json = (value: unknown, name = 'model.json'): GivenFile => ({
  name,
  bytes: new TextEncoder().encode(JSON.stringify(value)),
});
const weights = ['a.bin', 'b.bin'].map((name) => ({ name, bytes: new Uint8Array(48) }));

describe(exportFiles, () => {
  it('exports a model and its shards, in any order', () => {
    const { bytes, warnings, summary } = exportFiles([weights[1], json(document), weights[0]], true);
    expect(readModel(bytes).graph.inputs.map(({ name }) => name)).toEqual(['gru_input', 'state_in']);
    expect(warnings[0]).toContain('node "gru" (GRU)');
    expect(summary).toContain('GRU');
  });

  it.each([
    [
      'no model.json',
      weights,
      'files: expected one model.json with its weight files, got 0 JSON files among 2; choose them all at once',
    ],
    [
      'a shard that is missing',
      [json(document), weights[0]],
      'model.json: expected its weight file b.bin too, got 1 other files without it; choose them all at once',
    ],
  ])('rejects %s', (_what, files, message) => {
    expect(() => exportFiles(files, false)).toThrow(new DataError(message));
  });

  it('rejects truncated weights, and a file that is not a model', () => {
    const short = [json(document), weights[0], { name: 'b.bin', bytes: new Uint8Array(4) }];
    expect(() => exportFiles(short, false)).toThrow(/^model weights: expected 96 bytes .*, got 52; /);
    expect(() => exportFiles([json([1])], false)).toThrow(/^model\.json: expected modelTopology and weightsManifest, /);
  });
});

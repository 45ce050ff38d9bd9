import { ModelError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { readSavedModel } from './savedModel.ts';

const none = (): Uint8Array => new Uint8Array();
const topology = { class_name: 'Sequential', config: { name: 'm', layers: [] } };
const weights = [{ name: 'w', shape: [1], dtype: 'float32' }];

describe(readSavedModel, () => {
  it('reads a document with a byte order mark', () => {
    const text = JSON.stringify({
      modelTopology: topology,
      weightsManifest: [{ paths: ['w.bin'], weights }],
    });
    const shard = (): Uint8Array => new Uint8Array([0, 0, 128, 63]);
    const saved = readSavedModel(`\uFEFF${text}`, 'model.json', shard);
    expect([...new Float32Array(saved.weightData)]).toEqual([1]);
  });

  it('reads artifacts in one document, with weights in base64', () => {
    const weightData = Buffer.from(Float32Array.of(1.5).buffer).toString('base64');
    const text = JSON.stringify({ modelTopology: topology, weightSpecs: weights, weightData });
    const saved = readSavedModel(text, 'model.json', none);
    expect(saved.weightSpecs).toEqual(weights);
    expect([...new Float32Array(saved.weightData)]).toEqual([1.5]);
  });

  it.each([
    [
      'a graph model without format',
      JSON.stringify({ modelTopology: { node: [{ name: 'x', op: 'Placeholder' }] }, weightsManifest: [] }),
      'm.json: expected a layers model, got a graph model, which no longer has layers; convert the Keras model with --output_format tfjs_layers_model',
    ],
    [
      'an HDF5 file',
      Buffer.from([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0]).toString('utf8'),
      'm.json: expected a model.json, got an HDF5 file; convert it with tensorflowjs_converter --output_format tfjs_layers_model',
    ],
    [
      'a .keras file',
      'PK\u0003\u0004',
      'm.json: expected a model.json, got a zip, such as a .keras file; convert it with tensorflowjs_converter --output_format tfjs_layers_model',
    ],
    [
      'a weight file that is listed twice, which would be read twice',
      JSON.stringify({
        modelTopology: topology,
        weightsManifest: [
          { paths: ['w.bin'], weights },
          { paths: ['w.bin'], weights: [] },
        ],
      }),
      'm.json: weightsManifest: expected each weight file once, got "w.bin" again; save the model again',
    ],
    [
      'weights that are not base64',
      JSON.stringify({ modelTopology: topology, weightSpecs: weights, weightData: '%' }),
      'm.json: weightData: expected base64, got other text; save the model again',
    ],
  ])('rejects %s', (_what, text, message) => {
    expect(() => readSavedModel(text, 'm.json', none)).toThrow(new ModelError(message));
  });
});

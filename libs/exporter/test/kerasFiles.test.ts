import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkModel } from '@onda/onnx';
import { exportModel, isKerasFile, readKerasFile } from '../src/index.ts';
import { interpretModel } from '../src/testing/index.ts';
import type { Floats } from './support/onnxRuntime.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';

/** float32 sums of some tens of terms in another order, values up to 20; measured up to 4e-6. */
const ATOL = 2e-5;

interface Values {
  readonly shape: number[];
  readonly data: number[];
}

/** Files of Keras 2.15 and 3.15 with Keras' own outputs: scripts/makeKerasFiles.py. */
const folder = new URL('keras/files/', import.meta.url);
const files = readdirSync(folder).filter((name) => !name.endsWith('.json'));
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(name, folder));
const casesOf = (name: string): { inputs: Values[]; outputs: Values[] } => {
  const text = readFileSync(new URL(name.replace(/\.\w+$/, '.cases.json'), folder), 'utf8');
  return JSON.parse(text) as { inputs: Values[]; outputs: Values[] };
};
/** Models with transposed convolutions, which the interpreter does not know. */
const withoutReference = new Set(['conv1d', 'image']);

describe(readKerasFile, () => {
  it.each(files)('reads %s; the export and the interpreter give the values of Keras', async (name) => {
    const bytes = bytesOf(name);
    expect(isKerasFile(bytes)).toBe(true);
    const artifacts = await readKerasFile(bytes, name);
    const { inputs, outputs } = casesOf(name);
    const { model } = exportModel(artifacts, { producerVersion: '0.1.0' });
    expect(checkModel(model)).toEqual([]);
    expect(model.graph.nodes.map(({ op }) => op)).not.toContain('Loop');
    const session = await LoadedModel.of(model);
    const feeds = model.graph.inputs.map((input, index): [string, Floats] => [
      input.name,
      floats(inputs[index].shape, inputs[index].data),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    outputs.forEach(({ shape, data }, index) => {
      const result = results[model.graph.outputs[index].name];
      expect([...result.dims]).toEqual(shape);
      expect(difference(result.data, data)).toBeLessThan(ATOL);
    });
    if (withoutReference.has(name.replace(/^keras\d-|\.\w+$/g, ''))) return;
    const given = inputs.map(({ shape, data }) => ({ shape, data: Float64Array.from(data) }));
    interpretModel(artifacts)
      .run(given)
      .forEach((value, index) => {
        expect(value.shape).toEqual(outputs[index].shape);
        expect(difference(Float32Array.from(value.data), outputs[index].data)).toBeLessThan(ATOL);
      });
  });
});

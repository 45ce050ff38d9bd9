import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LayersArtifacts } from '../src/index.ts';
import type { Tensor64 } from '../src/testing/index.ts';
import { interpretModel } from '../src/testing/index.ts';

/** Keras computes in float32, and its values have seven digits; measured up to 1e-6. */
const ATOL = 5e-6;

interface Case {
  readonly artifacts: LayersArtifacts;
  readonly inputs: Tensor64[];
  readonly outputs: { readonly shape: number[]; readonly data: number[] }[];
}

interface Values {
  readonly shape?: number[];
  readonly dims?: number[];
  readonly data?: number[];
  readonly values?: number[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`keras/${name}.json`, import.meta.url), 'utf8')) as unknown;
const tensor = ({ shape, dims, data, values }: Values): Tensor64 => ({
  shape: shape ?? dims ?? [],
  data: Float64Array.from(data ?? values ?? []),
});

/** The models of exportKeras.test.ts and kerasRules.test.ts. */
function cases(): [string, Case][] {
  type Rule = { weightData: string; inputs: Values[]; outputs: Case['outputs'] } & LayersArtifacts;
  const rules = { ...(read('rules') as Record<string, Rule>), ...(read('drawn') as Record<string, Rule>) };
  const simple = Object.entries(rules).map(
    ([name, { weightData, inputs, outputs, ...rest }]): [string, Case] => [
      name,
      {
        artifacts: { ...rest, weightData: new Uint8Array(Buffer.from(weightData, 'base64')).buffer },
        inputs: inputs.map(tensor),
        outputs,
      },
    ],
  );
  const made = ['keras2', 'keras3'].flatMap((version) => {
    const { models } = read(version) as {
      models: Record<
        string,
        {
          topology: object;
          weights: { name: string; shape: number[]; values: number[] }[];
          input: Values;
          outputs: Values[];
        }
      >;
    };
    return Object.entries(models).map(([name, { topology, weights, input, outputs }]): [string, Case] => [
      `${version} ${name}`,
      {
        artifacts: {
          modelTopology: topology,
          weightSpecs: weights.map((weight) => ({
            name: weight.name,
            shape: weight.shape,
            dtype: 'float32',
          })),
          weightData: Float32Array.from(weights.flatMap(({ values }) => values)).buffer,
        },
        inputs: [tensor(input)],
        outputs: outputs.map(({ dims = [], values = [] }) => ({ shape: dims, data: values })),
      },
    ]);
  });
  // The interpreter has no CenterCrop, and no Resizing with crop_to_aspect_ratio.
  return [...simple.filter(([name]) => !/CenterCrop|Resizing to/.test(name)), ...made];
}

describe(interpretModel, () => {
  it.each(cases())("gives Keras' values: %s", (_name, { artifacts, inputs, outputs }) => {
    const results = interpretModel(artifacts).run(inputs);
    outputs.forEach(({ shape, data }, index) => {
      expect([...results[index].shape]).toEqual(shape);
      data.forEach((value, at) => {
        expect(Math.abs(results[index].data[at] - value)).toBeLessThan(ATOL);
      });
    });
  });

  it('rejects a model of TensorFlow.js, and an unknown layer by its class', () => {
    const model = (version: string, class_name: string): LayersArtifacts => ({
      modelTopology: {
        keras_version: version,
        class_name: 'Sequential',
        config: { name: 'm', layers: [{ class_name, config: { name: 'a', batch_input_shape: [null, 1] } }] },
      },
    });
    expect(() => interpretModel(model('tfjs-layers 4.22.0', 'ReLU'))).toThrow(/expects a Keras model/);
    const x = { shape: [1, 1], data: Float64Array.of(1) };
    expect(() => interpretModel(model('2.15.0', 'Mystery')).run([x])).toThrow(
      'layer "a": the reference interpreter does not know Mystery; pass --cases FILE',
    );
  });
});

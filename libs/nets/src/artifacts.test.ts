import '@tensorflow/tfjs-backend-cpu';
import type { io } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ModelError } from '@onda/contract';
import { readArtifacts, writeArtifacts } from './artifacts.ts';
import { seededUniform } from './testing/randomNumbers.ts';
import { initialWeights } from './weights.ts';

const spec = { cell: 'gru', units: 2, layers: 2, features: 1, outputs: 1 } as const;
const weights = initialWeights(spec, seededUniform(1));
const good = (): io.ModelArtifacts => writeArtifacts(spec, weights);

const advice =
  'a net is a sequential model of OndaRNN, OndaLSTM or OndaGRU layers and a dense read-out, as onda fit writes it';

interface Topology {
  class_name: string;
  config: { layers: { class_name: string; config: Record<string, unknown> }[] };
}

/** Good artifacts with a changed topology. */
function changed(change: (topology: Topology) => void): io.ModelArtifacts {
  const artifacts = good();
  change(artifacts.modelTopology as Topology);
  return artifacts;
}

describe(readArtifacts, () => {
  it('reads what writeArtifacts wrote', () => {
    expect(readArtifacts(good())).toEqual({ spec, weights });
  });

  it('reads loss and dropout', () => {
    const wide = {
      ...spec,
      loss: { kind: 'quantile', levels: [0.5, 0.25] },
      dropout: { rate: 0.5, seed: 3 },
    } as const;
    const values = initialWeights(wide, seededUniform(1));
    const artifacts = writeArtifacts(wide, values);
    // As read from a file.
    const stored = {
      ...artifacts,
      userDefinedMetadata: JSON.parse(JSON.stringify(artifacts.userDefinedMetadata)) as Record<
        string,
        object
      >,
    };
    expect(readArtifacts(stored)).toEqual({ spec: wide, weights: values });
    expect(readArtifacts({ ...good(), userDefinedMetadata: { theirs: 1 } }).spec).toEqual(spec);
  });

  it('reads weights from several buffers', () => {
    const artifacts = good();
    const data = artifacts.weightData as ArrayBuffer;
    const parts = [data.slice(0, 10), data.slice(10)];
    expect(readArtifacts({ ...artifacts, weightData: parts })).toEqual({ spec, weights });
  });

  const rejected: [name: string, artifacts: io.ModelArtifacts, message: string][] = [
    [
      'a functional model',
      changed((topology) => (topology.class_name = 'Model')),
      `model topology: class_name: Invalid input: expected "Sequential"; ${advice}`,
    ],
    [
      'no topology',
      { ...good(), modelTopology: undefined },
      `model topology: Invalid input: expected object, received undefined; ${advice}`,
    ],
    [
      'another recurrent layer',
      changed((topology) => (topology.config.layers[1].class_name = 'GRU')),
      `layer 1: expected class OndaRNN, OndaLSTM, OndaGRU, got GRU; ${advice}`,
    ],
    [
      'a model without a read-out',
      changed((topology) => topology.config.layers.pop()),
      `layer 1: expected class Dense, got OndaGRU; ${advice}`,
    ],
    [
      'layers of different cells',
      changed((topology) => (topology.config.layers[1].class_name = 'OndaLSTM')),
      `layer 1: expected gru of 2 units as in layer 0, got lstm of 2 units; ${advice}`,
    ],
    [
      'layers of different units',
      changed((topology) => (topology.config.layers[1].config.units = 3)),
      `layer 1: expected gru of 2 units as in layer 0, got gru of 3 units; ${advice}`,
    ],
    [
      'an option that a net does not have',
      changed((topology) => (topology.config.layers[0].config.reset_after = false)),
      `layer 0: reset_after: Invalid input: expected true; ${advice}`,
    ],
    [
      'a read-out with an activation',
      changed((topology) => (topology.config.layers[2].config.activation = 'relu')),
      `layer 2: activation: Invalid input: expected "linear"; ${advice}`,
    ],
    [
      'a read-out that does not fit the loss',
      { ...good(), userDefinedMetadata: { onda: { loss: { kind: 'gaussian' } } } },
      `layer 2: expected a multiple of 2 units for a gaussian loss, got 1; ${advice}`,
    ],
    [
      'levels that are none',
      { ...good(), userDefinedMetadata: { onda: { loss: { kind: 'quantile', levels: [] } } } },
      "model metadata: onda: loss: quantile levels: expected distinct numbers above 0 and below 1, 0.5 first, got []; the median comes first because it is the net's prediction, as in [0.5, 0.1, 0.9]; save the model again, or remove the entry from userDefinedMetadata",
    ],
    [
      'a dropout of everything',
      { ...good(), userDefinedMetadata: { onda: { dropout: { rate: 1, seed: 1 } } } },
      'model metadata: onda: dropout: rate: Too big: expected number to be <1; save the model again, or remove the entry from userDefinedMetadata',
    ],
    [
      'weights cut short',
      { ...good(), weightData: (good().weightData as ArrayBuffer).slice(4) },
      'model weights: expected 276 bytes according to the weight specs, got 272; the file is damaged or truncated, save the model again',
    ],
    [
      'no weights',
      { ...good(), weightSpecs: undefined, weightData: undefined },
      'weight "recurrent_0/kernel": missing from the model; save the model again',
    ],
    [
      'a weight of another shape',
      {
        ...good(),
        weightSpecs:
          good().weightSpecs?.map((entry, index) => (index === 0 ? { ...entry, shape: [2, 3] } : entry)) ??
          [],
      },
      'weight "recurrent_0/kernel": expected shape [1, 6] according to the layers, got [2, 3]; save the model again',
    ],
    [
      'quantized weights',
      {
        ...good(),
        weightSpecs:
          good().weightSpecs?.map((entry) => ({ ...entry, quantization: { dtype: 'uint8' as const } })) ?? [],
      },
      'weight "recurrent_0/kernel": expected plain float32, got quantized values; save the model without quantization',
    ],
    [
      'weights of another type',
      {
        ...good(),
        weightSpecs: good().weightSpecs?.map((entry) => ({ ...entry, dtype: 'int32' as const })) ?? [],
      },
      'weight "recurrent_0/kernel": expected plain float32, got int32; save the model without quantization',
    ],
  ];
  it.each(rejected)('rejects %s', (_, artifacts, message) => {
    expect(() => readArtifacts(artifacts)).toThrow(new ModelError(message));
  });
});

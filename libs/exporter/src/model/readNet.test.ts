import { ModelError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { ondaNetArtifacts, randomWeights } from '../../test/support/ondaNetArtifacts.ts';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { UnsupportedError } from '../errors.ts';
import { readNet } from './readNet.ts';

const spec = { cell: 'gru', units: 3, layers: 2, features: 2, outputs: 1 } as const;
const artifacts = ondaNetArtifacts(spec, randomWeights(spec, 1));

interface LayerJson {
  class_name: string;
  config: Record<string, unknown>;
}

/** The artifacts with one layer's JSON changed. */
function withLayer(index: number, change: (layer: LayerJson) => Partial<LayerJson>): LayersArtifacts {
  const modelTopology = structuredClone(artifacts.modelTopology) as unknown as {
    config: { layers: LayerJson[] };
  };
  const { layers } = modelTopology.config;
  layers[index] = { ...layers[index], ...change(layers[index]) };
  return { ...artifacts, modelTopology };
}

function withConfig(index: number, config: Record<string, unknown>): LayersArtifacts {
  return withLayer(index, (layer) => ({ config: { ...layer.config, ...config } }));
}

const tail =
  '; export it as a layers model, or train a net of OndaRNN, OndaLSTM or OndaGRU layers and a Dense read-out';

describe(readNet, () => {
  it('reads what a net is made of', () => {
    const net = readNet(artifacts);
    expect(net.spec).toEqual(spec);
    expect(net.layers.map(({ name, weights }) => [name, weights.features, weights.kernel.length])).toEqual([
      ['recurrent_0', 2, 18],
      ['recurrent_1', 3, 27],
    ]);
  });

  it('takes no bias of the read-out as zeros', () => {
    const { readout } = readNet(withConfig(2, { use_bias: false }));
    expect([...readout.bias]).toEqual([0]);
  });

  const unsupported: [string, LayersArtifacts, string][] = [
    [
      'a stock layer',
      withLayer(0, () => ({ class_name: 'GRU' })),
      `model: not an Onda net: layer "recurrent_0": expected OndaRNN, OndaLSTM, OndaGRU, got GRU${tail}`,
    ],
    [
      'another read-out',
      withLayer(2, () => ({ class_name: 'Flatten' })),
      `model: not an Onda net: layer "readout": expected a Dense read-out, got Flatten${tail}`,
    ],
    [
      'a read-out that is not linear',
      withConfig(2, { activation: 'relu' }),
      'layer "readout": activation: expected "linear", got "relu"; a net has a linear read-out',
    ],
    [
      'the last sample alone',
      withConfig(1, { return_sequences: false }),
      'layer "recurrent_1": return_sequences: expected true, got false; a net has a read-out of every sample',
    ],
    [
      'a layer that walks backwards',
      withConfig(0, { go_backwards: true }),
      'layer "recurrent_0": go_backwards: expected false, got true; a sequence served sample by sample has no end to start from',
    ],
    [
      'a layer that gives its state',
      withConfig(0, { return_state: true }),
      'layer "recurrent_0": return_state: expected false, got true; the states of a net are packed into state_in and state_out',
    ],
  ];
  it.each(unsupported)('refuses %s', (_what, damaged, message) => {
    expect(() => readNet(damaged)).toThrow(new UnsupportedError(message));
  });

  const damaged: [string, LayersArtifacts, string][] = [
    [
      'weights of another cell',
      withLayer(1, () => ({ class_name: 'OndaRNN' })),
      'weight "recurrent_1/kernel": expected shape [any, 3] as the layer\'s options say, got [3, 9]; save the model again',
    ],
    [
      'a missing weight',
      withConfig(1, { name: 'other' }),
      'weight "other/kernel": expected it in the model, got none; save the model again',
    ],
    [
      'units that are not a positive integer',
      withConfig(0, { units: 0 }),
      'layer "recurrent_0": units: expected a whole number of at least 1, got 0; save the model again',
    ],
    [
      'a flag that is none',
      withConfig(0, { reset_after: 'yes' }),
      'layer "recurrent_0": reset_after: expected true or false, got "yes"; save the model again',
    ],
  ];
  it.each(damaged)('refuses %s', (_what, changed, message) => {
    expect(() => readNet(changed)).toThrow(new ModelError(message));
  });

  it('refuses layers of different sizes', () => {
    const wide = { ...spec, units: 4 };
    const narrow = ondaNetArtifacts(spec, randomWeights(spec, 1));
    const other = ondaNetArtifacts(
      { ...wide, layers: 1, features: 3 },
      randomWeights({ ...wide, layers: 1, features: 3 }, 1),
    );
    const mixed = {
      modelTopology: {
        class_name: 'Sequential',
        config: {
          name: 'mixed',
          layers: [
            narrow.modelTopology.config.layers[0],
            {
              ...other.modelTopology.config.layers[0],
              config: { ...other.modelTopology.config.layers[0].config, name: 'wide' },
            },
            other.modelTopology.config.layers[1],
          ],
        },
      },
      weightSpecs: [
        ...narrow.weightSpecs.slice(0, 4),
        ...other.weightSpecs.map((entry) => ({ ...entry, name: entry.name.replace('recurrent_0', 'wide') })),
      ],
      weightData: [
        (narrow.weightData as ArrayBuffer).slice(0, 4 * (18 + 27 + 9 + 9)),
        other.weightData as ArrayBuffer,
      ],
    };
    expect(() => readNet(mixed)).toThrow(
      new UnsupportedError(
        `model: not an Onda net: layer "wide": expected gru of 3 units on 3 features, got gru of 4 units on 3${tail}`,
      ),
    );
  });
});

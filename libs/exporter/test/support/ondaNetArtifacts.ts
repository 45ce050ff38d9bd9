import type { LayersArtifacts, NetSpec } from '../../src/index.ts';

const gates = { rnn: 1, lstm: 4, gru: 3 } as const;
const classNames = { rnn: 'OndaRNN', lstm: 'OndaLSTM', gru: 'OndaGRU' } as const;
const ownConfig = { rnn: { activation: 'tanh' }, lstm: {}, gru: { reset_after: true } } as const;

/** Name and shape of each weight of a net, in the order of its file. */
export function weightShapes({ cell, units, layers, features, outputs }: NetSpec): [string, number[]][] {
  const columns = gates[cell] * units;
  const recurrent = Array.from({ length: layers }, (_, layer): [string, number[]][] => [
    [`recurrent_${layer}/kernel`, [layer === 0 ? features : units, columns]],
    [`recurrent_${layer}/recurrent_kernel`, [units, columns]],
    [`recurrent_${layer}/bias`, [columns]],
    [`recurrent_${layer}/recurrent_bias`, [columns]],
  ]).flat();
  return [...recurrent, ['readout/kernel', [units, outputs]], ['readout/bias', [outputs]]];
}

/**
 * Artifacts of an Onda net, as the trainer writes them.
 *
 * @param weights values by name, in the layout of `weightShapes`
 * @param options more options of every recurrent layer
 */
export function ondaNetArtifacts(
  spec: NetSpec,
  weights: Readonly<Record<string, Float32Array>>,
  options: Record<string, unknown> = {},
): Required<LayersArtifacts> & {
  modelTopology: { config: { layers: { config: Record<string, unknown> }[] } };
} {
  const { cell, units, layers, features, outputs } = spec;
  const shapes = weightShapes(spec);
  const recurrent = Array.from({ length: layers }, (_, layer) => ({
    class_name: classNames[cell],
    config: {
      name: `recurrent_${layer}`,
      trainable: true,
      ...(layer === 0 ? { batch_input_shape: [null, null, features], dtype: 'float32' } : {}),
      units,
      return_sequences: true,
      return_state: false,
      go_backwards: false,
      ...ownConfig[cell],
      ...options,
    },
  }));
  const dense = {
    class_name: 'Dense',
    config: { name: 'readout', trainable: true, units: outputs, activation: 'linear', use_bias: true },
  };
  return {
    modelTopology: {
      class_name: 'Sequential',
      config: { name: 'onda', layers: [...recurrent, dense] },
    } as never,
    weightSpecs: shapes.map(([name, shape]) => ({ name, shape, dtype: 'float32' })),
    weightData: Float32Array.from(shapes.flatMap(([name]) => [...weights[name]])).buffer,
  };
}

/** Weights uniform in +-1/sqrt(units), from a seed. */
export function randomWeights(spec: NetSpec, seed: number): Record<string, Float32Array> {
  const random = mulberry32(seed);
  const bound = 1 / Math.sqrt(spec.units);
  return Object.fromEntries(
    weightShapes(spec).map(([name, shape]) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return [name, Float32Array.from({ length: size }, () => (2 * random() - 1) * bound)];
    }),
  );
}

/** Numbers in [0, 1) from a seed (Tommy Ettinger's mulberry32). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

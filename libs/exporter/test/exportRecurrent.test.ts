import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { exportModel, exportNet } from '../src/index.ts';
import { ondaNetArtifacts, randomWeights } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import { artifactsOf, compare, randomizeWeights } from './support/tfjsModel.ts';

/** float32 sums of some tens of terms in another order, up to 7 samples; relative to the largest value; measured up to 2e-6. */
const ATOL = 1e-5;

type Layer = layers.Layer;
type Options = Record<string, unknown> & { units: number };

const cells: Record<string, (options: Options) => Layer> = {
  SimpleRNN: (options) => layers.simpleRNN(options),
  LSTM: (options) => layers.lstm(options),
  GRU: (options) => layers.gru(options),
};

const sizes = [
  [1, 1],
  [1, 2],
  [3, 7],
] as const;

/** One recurrent layer between an input and all of its outputs. */
function around(layer: Layer, features = 2, states: readonly number[] = []): LayersModel {
  const x = input({ shape: [null, features], name: 'x' });
  const initial = states.map((units, index) => input({ shape: [units], name: `s${index}` }));
  const outputs = layer.apply(initial.length === 0 ? x : [x, ...initial]) as
    SymbolicTensor | SymbolicTensor[];
  return model({ inputs: [x, ...initial], outputs });
}

async function check(
  net: LayersModel,
  open: readonly number[],
  options: Parameters<typeof compare>[2] = {},
): Promise<string[]> {
  randomizeWeights(net, 5);
  const { exported, difference: found } = await compare(net, open, options);
  expect(found).toBeLessThan(ATOL);
  return exported.model.graph.nodes.map(({ op }) => op);
}

const kinds = Object.keys(cells);
const flags = [false, true];

describe('exportModel of recurrent layers', () => {
  const shapes = kinds.flatMap((kind) =>
    flags.flatMap((returnSequences) =>
      flags.flatMap((returnState) =>
        flags.map((goBackwards) => [kind, { returnSequences, returnState, goBackwards }] as const),
      ),
    ),
  );
  it.each(shapes)('gives the values of %s with %o, in one node', async (kind, options) => {
    for (const open of sizes) {
      const ops = await check(around(cells[kind]({ units: 3, ...options })), open);
      expect(ops.filter((op) => ['GRU', 'LSTM', 'Loop', 'RNN', 'Scan'].includes(op))).toHaveLength(1);
    }
  });

  const functions = ['elu', 'hardSigmoid', 'linear', 'relu', 'sigmoid', 'softplus', 'softsign', 'tanh'];
  it.each(kinds.flatMap((kind) => functions.map((activation) => [kind, activation] as const)))(
    'gives the values of %s with activation %s',
    async (kind, activation) => {
      const recurrentActivation = activation === 'linear' ? 'sigmoid' : activation;
      const bounded = kind === 'SimpleRNN' ? { activation } : { activation, recurrentActivation };
      await check(around(cells[kind]({ units: 3, ...bounded, returnSequences: true })), [2, 4]);
      if (kind !== 'SimpleRNN')
        await check(around(cells[kind]({ units: 3, recurrentActivation: 'sigmoid' })), [2, 4]);
    },
  );

  it.each(kinds.flatMap((kind) => ['relu6', 'selu'].map((activation) => [kind, activation] as const)))(
    'gives the values of %s with activation %s, which no recurrent operator has by itself',
    async (kind, activation) => {
      const options = { units: 3, activation, returnSequences: true, returnState: true };
      const states = kind === 'LSTM' ? [3, 3] : [3];
      for (const recurrentActivation of ['sigmoid', 'hardSigmoid']) {
        const gated = kind === 'SimpleRNN' ? {} : { recurrentActivation };
        const net = around(cells[kind]({ ...options, ...gated }), 12, states);
        await check(model({ inputs: net.inputs, outputs: net.outputs[0] }), [3, 9]);
        const both = { layer: cells[kind]({ ...options, ...gated }) as never, mergeMode: 'concat' } as const;
        await check(around(layers.bidirectional(both), 12), [3, 9]);
      }
      const x = input({ shape: [null, 2], name: 'x' });
      // There is no function of which selu of an LSTM's state is a multiple: it is a Scan, which has no masks.
      if (kind === 'LSTM' && activation === 'selu') return;
      const masked = layers.masking().apply(x) as SymbolicTensor;
      const outputs = cells[kind](options).apply(masked) as SymbolicTensor[];
      await check(model({ inputs: x, outputs }), [3, 5], { blank: { share: 0.5, value: 0 } });
    },
  );

  it.each(kinds)(
    'gives the values of %s without bias, with unit forget bias, of other sizes',
    async (kind) => {
      await check(around(cells[kind]({ units: 5, useBias: false, returnSequences: true })), [2, 3]);
      await check(around(cells[kind]({ units: 1, unitForgetBias: true }), 1), [2, 3]);
      await check(around(cells[kind]({ units: 33, dropout: 0.5, recurrentDropout: 0.5 }), 17), [1, 5]);
    },
  );

  it.each(kinds)('starts %s from given states', async (kind) => {
    const states = kind === 'LSTM' ? [3, 3] : [3];
    for (const returnState of flags) {
      await check(around(cells[kind]({ units: 3, returnState, returnSequences: true }), 2, states), [2, 4]);
    }
  });

  it.each(
    kinds.flatMap((kind) => ['concat', 'sum', 'ave', 'mul', null].map((mode) => [kind, mode] as const)),
  )('gives the values of Bidirectional %s merged by %s, in one node', async (kind, mergeMode) => {
    for (const returnSequences of flags) {
      for (const returnState of flags) {
        const layer = cells[kind]({ units: 3, returnSequences, returnState }) as never;
        const both = layers.bidirectional({ layer, mergeMode: mergeMode as 'concat' });
        const ops = await check(around(both), [2, 5]);
        expect(ops.filter((op) => ['GRU', 'LSTM', 'RNN'].includes(op))).toHaveLength(1);
      }
    }
  });

  it.each(kinds)('starts Bidirectional %s from given states', async (kind) => {
    const states = kind === 'LSTM' ? [3, 3, 3, 3] : [3, 3];
    for (const mergeMode of ['concat', 'mul', null] as const) {
      const layer = cells[kind]({ units: 3, returnSequences: true, returnState: true }) as never;
      const both = layers.bidirectional({ layer, mergeMode: mergeMode as 'concat' });
      // TensorFlow.js runs a layer once for each requested output and feeds its states back then: request one.
      const net = around(both, 2, states);
      await check(model({ inputs: net.inputs, outputs: net.outputs[0] }), [2, 4]);
    }
  });

  it.each(
    kinds.flatMap((kind) => ['concat', 'sum', 'ave', 'mul', null].map((mode) => [kind, mode] as const)),
  )(
    'gives the values of Bidirectional around %s that walks backwards, merged by %s',
    async (kind, mergeMode) => {
      for (const returnSequences of flags) {
        const options = { units: 3, returnSequences, returnState: true, goBackwards: true };
        const both = layers.bidirectional({
          layer: cells[kind](options) as never,
          mergeMode: mergeMode as 'concat',
        });
        const ops = await check(around(both), [2, 5]);
        expect(ops.filter((op) => ['GRU', 'LSTM', 'RNN'].includes(op))).toHaveLength(1);
        const x = input({ shape: [null, 2], name: 'x' });
        const masked = layers.masking({ maskValue: 1 }).apply(x) as SymbolicTensor;
        const again = layers.bidirectional({
          layer: cells[kind](options) as never,
          mergeMode: mergeMode as 'concat',
        });
        const outputs = again.apply(masked) as SymbolicTensor[];
        await check(model({ inputs: x, outputs }), [3, 5], { blank: { share: 0.5, value: 1 } });
      }
    },
  );

  it('stacks layers without a Transpose between them', async () => {
    const net = sequential({
      layers: [
        layers.lstm({ units: 4, returnSequences: true, inputShape: [null, 2] }),
        layers.dropout({ rate: 0.5 }),
        layers.bidirectional({
          layer: layers.gru({ units: 3, returnSequences: true }),
          mergeMode: 'concat',
        }),
        layers.dense({ units: 5, activation: 'relu' }),
        layers.simpleRNN({ units: 2, returnSequences: true }),
        layers.timeDistributed({ layer: layers.dense({ units: 1 }) }),
      ],
    });
    const ops = await check(net, [2, 5]);
    // One at each end, and one that puts the two directions side by side.
    expect(ops.filter((op) => op === 'Transpose')).toHaveLength(3);
  });

  it('gives the values of RNN with one cell, and with cells stacked, states in the order of TensorFlow.js', async () => {
    const stack = (): unknown[] => [
      layers.lstmCell({ units: 3 }),
      layers.gruCell({ units: 4 }),
      layers.simpleRNNCell({ units: 2 }),
    ];
    for (const returnState of flags) {
      for (const returnSequences of flags) {
        const one = layers.rnn({ cell: layers.lstmCell({ units: 3 }), returnState, returnSequences });
        await check(around(one), [2, 4]);
        const many = layers.rnn({ cell: stack() as never, returnState, returnSequences });
        await check(around(many), [2, 4]);
      }
    }
  });

  it.each(kinds)('streams %s in pieces when it is exported with its state', async (kind) => {
    const make = (): LayersModel =>
      sequential({
        layers: [
          cells[kind]({ units: 4, returnSequences: true, inputShape: [null, 2] }),
          cells[kind]({ units: 3, returnSequences: true }),
          layers.dense({ units: 1 }),
        ],
      });
    const net = make();
    randomizeWeights(net, 5);
    const { exported } = await compareWhole(net);
    const { model: graph, state } = exported;
    expect(graph.graph.inputs.map(({ name }) => name).at(-1)).toBe('state_in');
    const session = await LoadedModel.of(graph);
    const [first] = graph.graph.inputs;
    const [output] = graph.graph.outputs;
    const x = Float32Array.from({ length: 12 }, (_, index) => Math.sin(index));
    const zeros = floats([1, state!.size], Array<number>(state!.size).fill(0));
    const whole = await session.run({ [first.name]: floats([1, 6, 2], x), state_in: zeros });
    const a = await session.run({ [first.name]: floats([1, 2, 2], x.subarray(0, 4)), state_in: zeros });
    const b = await session.run({ [first.name]: floats([1, 4, 2], x.subarray(4)), state_in: a['state_out'] });
    expect(
      difference(
        Float32Array.from([...a[output.name].data, ...b[output.name].data]),
        whole[output.name].data,
      ),
    ).toBeLessThan(ATOL);
    expect(difference(b['state_out'].data, whole['state_out'].data)).toBeLessThan(ATOL);
  });

  it.each(['rnn', 'lstm', 'gru'] as const)(
    'gives what exportNet gives for an Onda %s, state and all',
    async (cell) => {
      const spec = { cell, units: 4, layers: 2, features: 2, outputs: 1 };
      const artifacts = ondaNetArtifacts(spec, randomWeights(spec, 6));
      const scaler = { kind: 'none' as const, center: [0, 0], scale: [1, 1] };
      const net = exportNet(artifacts, { lag: 1, scaler, producerVersion: '0.1.0' });
      const whole = exportModel(artifacts, { producerVersion: '0.1.0', stateful: true });
      expect(whole.state).toEqual(net.state);
      const x = floats([1, 3, 2], [0.1, 0.2, -0.3, 0.4, 0.5, -0.6]);
      const state = floats(
        [1, net.state.size],
        Array.from({ length: net.state.size }, (_, i) => Math.cos(i)),
      );
      const expected = await (await LoadedModel.of(net.model)).run({ x, state_in: state });
      const [name] = whole.model.graph.inputs.map((input) => input.name);
      const actual = await (await LoadedModel.of(whole.model)).run({ [name]: x, state_in: state });
      expect(actual['readout'].data).toEqual(expected['y'].data);
      expect(actual['state_out'].data).toEqual(expected['state_out'].data);
    },
  );
});

async function compareWhole(net: LayersModel): Promise<{ exported: ReturnType<typeof exportModel> }> {
  return { exported: exportModel(await artifactsOf(net), { producerVersion: '0.1.0', stateful: true }) };
}

import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import type { CompareOptions } from './support/tfjsModel.ts';
import { compare, randomizeWeights } from './support/tfjsModel.ts';

/** float32 sums of some tens of terms in another order, up to 7 samples; relative to the largest value; measured up to 2e-6. */
const ATOL = 1e-5;

type Layer = layers.Layer;
type Options = Record<string, unknown>;

const cells: Record<string, (options: Options) => Layer> = {
  SimpleRNN: (options) => layers.simpleRNN({ units: 3, ...options }),
  LSTM: (options) => layers.lstm({ units: 3, ...options }),
  GRU: (options) => layers.gru({ units: 3, ...options }),
  'RNN of stacked cells': (options) =>
    layers.rnn({
      cell: [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 3 })] as never,
      ...options,
    }),
};
const kinds = Object.keys(cells);
const flags = [false, true];

/** No sample counts, all do, or some: half of them over these sizes and seeds. */
async function check(net: LayersModel, options: CompareOptions = {}): Promise<string[]> {
  randomizeWeights(net, 5);
  let ops: string[] = [];
  for (const open of [
    [1, 1],
    [3, 2],
    [2, 7],
    [6, 4],
  ]) {
    const blank = options.blank ?? { share: 0.5, value: 0 };
    const { exported, difference } = await compare(net, open, { seed: open[0], blank, ...options });
    expect(difference).toBeLessThan(ATOL);
    ops = exported.model.graph.nodes.map(({ op }) => op);
  }
  return ops;
}

const recurrentOps = (ops: readonly string[]): string[] =>
  ops.filter((op) => ['GRU', 'LSTM', 'RNN', 'Loop', 'Scan', 'If'].includes(op));

describe('exportModel of masks', () => {
  const cases = kinds.flatMap((kind) =>
    flags.flatMap((returnSequences) =>
      flags.flatMap((returnState) =>
        flags.map((goBackwards) => [kind, { returnSequences, returnState, goBackwards }] as const),
      ),
    ),
  );
  it.each(cases)('gives the values of a masked %s with %o, in one node a cell', async (kind, options) => {
    const x = input({ shape: [null, 2], name: 'x' });
    const masked = layers.masking().apply(x) as SymbolicTensor;
    const outputs = cells[kind](options).apply(masked) as SymbolicTensor;
    const ops = await check(model({ inputs: x, outputs }));
    expect(recurrentOps(ops)).toHaveLength(kind.startsWith('RNN') ? 2 : 1);
  });

  it.each(kinds)('starts a masked %s from given states', async (kind) => {
    for (const goBackwards of flags) {
      const x = input({ shape: [null, 2], name: 'x' });
      const sizes = { SimpleRNN: [3], LSTM: [3, 3], GRU: [3] }[kind] ?? [3, 2, 2];
      const states = sizes.map((size, index) => input({ shape: [size], name: `s${index}` }));
      const masked = layers.masking().apply(x) as SymbolicTensor;
      const layer = cells[kind]({ returnSequences: true, returnState: true, goBackwards });
      // One output: TensorFlow.js runs a layer once for each requested output and feeds its states back then.
      const [outputs] = layer.apply([masked, ...states]) as SymbolicTensor[];
      await check(model({ inputs: [x, ...states], outputs }));
    }
  });

  const bare = kinds.filter((kind) => !kind.startsWith('RNN'));
  it.each(bare.flatMap((kind) => ['concat', 'sum', 'ave', 'mul', null].map((mode) => [kind, mode] as const)))(
    'gives the values of a masked Bidirectional %s merged by %s',
    async (kind, mergeMode) => {
      for (const returnSequences of flags) {
        const x = input({ shape: [null, 2], name: 'x' });
        const masked = layers.masking({ maskValue: -1 }).apply(x) as SymbolicTensor;
        const layer = cells[kind]({ returnSequences, returnState: true }) as never;
        const both = layers.bidirectional({ layer, mergeMode: mergeMode as 'concat' });
        const outputs = both.apply(masked) as SymbolicTensor[];
        const ops = await check(model({ inputs: x, outputs }), { blank: { share: 0.5, value: -1 } });
        expect(recurrentOps(ops)).toHaveLength(1);
      }
    },
  );

  it('masks words, and computes a mask once for all layers that share it', async () => {
    const net = sequential({
      layers: [
        layers.embedding({ inputDim: 3, outputDim: 4, maskZero: true }),
        layers.dropout({ rate: 0.5 }),
        layers.bidirectional({ layer: layers.gru({ units: 3, returnSequences: true }), mergeMode: 'concat' }),
        layers.timeDistributed({ layer: layers.dense({ units: 4 }) }),
        layers.layerNormalization(),
        layers.lstm({ units: 3, returnSequences: true }),
        layers.lstm({ units: 2 }),
        layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    const ops = await check(net, { whole: 3 });
    expect(recurrentOps(ops)).toHaveLength(3);
    expect(ops.filter((op) => op === 'CumSum')).toHaveLength(2);
  });

  it('gives zeros for masked samples, and masks again after layers that change values', async () => {
    const net = sequential({
      layers: [
        layers.masking({ maskValue: 0.25, inputShape: [null, 2] }),
        layers.reLU(),
        layers.masking(),
        layers.gru({ units: 3, returnSequences: true }),
        layers.masking({ maskValue: 1 }),
        layers.lstm({ units: 3 }),
      ],
    });
    await check(net, { blank: { share: 0.4, value: 0.25 } });
  });

  it('passes the last mask on past layers without mask support, as TensorFlow.js does', async () => {
    const net = sequential({
      layers: [
        layers.masking({ inputShape: [null, 2] }),
        layers.conv1d({ filters: 2, kernelSize: 2, padding: 'same' }),
        layers.leakyReLU(),
        layers.lstm({ units: 3, returnSequences: true }),
        layers.gru({ units: 2 }),
      ],
    });
    await check(net);
    const x = input({ shape: [null, 2], name: 'x' });
    const a = layers.masking().apply(x) as SymbolicTensor;
    const b = layers.gru({ units: 3, returnSequences: true }).apply(a) as SymbolicTensor;
    const c = layers.simpleRNN({ units: 3, returnSequences: true }).apply(x) as SymbolicTensor;
    for (const order of [
      [b, c],
      [c, b],
    ]) {
      const outputs = layers.concatenate().apply(order) as SymbolicTensor;
      await check(model({ inputs: x, outputs }));
      await check(model({ inputs: x, outputs: order }));
    }
  });

  it('passes masks into nested models', async () => {
    const inner = sequential({
      layers: [layers.lstm({ units: 3, returnSequences: true, inputShape: [null, 2] })],
    });
    const net = sequential({
      layers: [
        layers.masking({ inputShape: [null, 2] }),
        inner,
        layers.gru({ units: 2, returnSequences: true }),
      ],
    });
    await check(net);
    const masking = sequential({
      layers: [layers.masking({ inputShape: [null, 2] }), layers.gru({ units: 2 })],
    });
    await check(sequential({ layers: [masking, layers.dense({ units: 2 })] }));
  });

  it('joins masks along features and along time', async () => {
    for (const axis of [-1, 1]) {
      const x = input({ shape: [null, 2], name: 'x' });
      const y = input({ shape: [null, 2], name: 'y' });
      const [a, b] = [x, y].map((value) => layers.masking().apply(value) as SymbolicTensor);
      const both = layers.concatenate({ axis }).apply([a, b]) as SymbolicTensor;
      const outputs = layers.lstm({ units: 3, returnSequences: true }).apply(both) as SymbolicTensor;
      await check(model({ inputs: [x, y], outputs }));
    }
  });

  it.each([14, 17, 18, 21])('masks with opset %i', async (opset) => {
    const net = sequential({
      layers: [
        layers.masking({ inputShape: [null, 2] }),
        layers.lstm({ units: 3, returnSequences: true }),
        layers.bidirectional({ layer: layers.gru({ units: 3 }), mergeMode: 'sum' }),
      ],
    });
    await check(net, { options: { opset } });
  });
});

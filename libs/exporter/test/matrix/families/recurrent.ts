import fc from 'fast-check';
import type { CallPlan, Family, LayerPlan, ModelPlan } from '../modelPlan.ts';

/** Activations that recurrent nodes can say, by TensorFlow.js's names. */
const activation = fc.constantFrom(
  'tanh',
  'sigmoid',
  'hardSigmoid',
  'relu',
  'linear',
  'elu',
  'softsign',
  'softplus',
);
/** Of a layer's values: there relu6 too. Of gates it would be another function. */
const valueActivation = fc.oneof(
  { weight: 8, arbitrary: activation },
  { weight: 1, arbitrary: fc.constant('relu6') },
);
/**
 * Gates between 0 and 1 more often than others: those keep values in a range. No softplus, which with no bound of its own lets an LSTM's
 * state grow to where ONNX Runtime's overflows, though what it puts out be small; exportRecurrent.test.ts has it.
 */
const gate = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('hardSigmoid', 'sigmoid') },
  { weight: 1, arbitrary: activation.filter((name) => name !== 'softplus') },
);
/**
 * Of a GRU, whose gates multiply each other's states: without a bound values grow by powers of powers, seven samples lose all digits, and
 * ONNX Runtime's Softplus overflows from 88 on.
 */
const boundedGate = fc.constantFrom('hardSigmoid', 'sigmoid', 'tanh', 'softsign');
export const seed = fc.nat({ max: 2 ** 31 - 1 });
export const features = fc.integer({ min: 1, max: 5 });
const units = fc.integer({ min: 1, max: 6 });

export type Cell = 'simpleRNN' | 'lstm' | 'gru';
export const cells = ['simpleRNN', 'lstm', 'gru'] as const;
export const statesOf = (cell: Cell): number => (cell === 'lstm' ? 2 : 1);

/** What a cell of a kind is drawn from. */
export function cellConfig(cell: Cell): fc.Arbitrary<Record<string, unknown>> {
  const own = { units, activation: valueActivation, useBias: fc.boolean() };
  if (cell === 'simpleRNN')
    return fc.record({ ...own, activation: fc.oneof(valueActivation, fc.constant('selu')) });
  if (cell === 'gru') return fc.record({ ...own, recurrentActivation: boundedGate });
  return fc.record({ ...own, recurrentActivation: gate, unitForgetBias: fc.boolean() });
}

const layerOptions = {
  returnSequences: fc.boolean(),
  returnState: fc.boolean(),
  goBackwards: fc.boolean(),
};

const one = (shape: (number | null)[], calls: CallPlan[], rest: Partial<ModelPlan>): ModelPlan => ({
  inputs: [{ shape, draw: 'uniform' }],
  calls,
  stateful: false,
  seed: 0,
  ...rest,
});

/** A recurrent layer with all its options; then, where it gives sequences, a Dense layer and another recurrent one at times. */
function layerFamily(cell: Cell): Family {
  const plan = fc
    .record({
      config: cellConfig(cell),
      ...layerOptions,
      features,
      time: fc.option(fc.constantFrom(1, 2, 7), { nil: null, freq: 4 }),
      stateful: fc.boolean(),
      initial: fc.boolean(),
      after: fc.constantFrom('nothing', 'dense', ...cells),
      seed,
    })
    .map(
      ({
        config,
        returnSequences,
        returnState,
        goBackwards,
        stateful,
        initial,
        after,
        ...rest
      }): ModelPlan => {
        // No stateful export for a layer that runs backwards or has initial states as inputs.
        const kept = stateful && !goBackwards && !initial;
        const count = statesOf(cell);
        const layer = { kind: cell, config: { ...config, returnSequences, returnState, goBackwards } };
        const shape = [rest.time, rest.features];
        const states = initial ? Array.from({ length: count }, () => Number(config['units'])) : [];
        const inputs = [shape, ...states.map((size) => [size])].map((one) => ({
          shape: one,
          draw: 'uniform' as const,
        }));
        const calls: CallPlan[] = [
          { layer, from: inputs.map((_, index) => index), results: returnState ? 1 + count : 1 },
        ];
        if (after !== 'nothing' && (returnSequences || after === 'dense'))
          calls.push({ layer: { kind: after, config: { units: 3 } }, from: [inputs.length], results: 1 });
        return { inputs, calls, stateful: kept, seed: rest.seed };
      },
    );
  return { name: cell, share: 14, leastTime: 1, subgraphs: false, plan };
}

/** Activations that no recurrent operator has. */
const composed = fc.constantFrom('gelu', 'gelu_new', 'logSoftmax', 'mish', 'selu', 'softmax', 'swish');

/** Layers with such activations, as values or as gates: a Scan each. */
const composedFamily: Family = {
  name: 'composed activations',
  share: 10,
  leastTime: 1,
  subgraphs: true,
  plan: fc
    .record({
      cell: fc.constantFrom(...cells),
      values: composed,
      gates: fc.oneof(boundedGate, fc.constantFrom('softmax')),
      config: fc.record({ units, useBias: fc.boolean(), ...layerOptions }),
      both: fc.boolean(),
      stateful: fc.boolean(),
      features,
      seed,
    })
    .map(({ cell, values, gates, config, both, stateful, features: size, seed: own }): ModelPlan => {
      const gating = cell === 'simpleRNN' ? {} : { recurrentActivation: gates };
      const layer = { kind: cell, config: { ...config, ...gating, activation: values } };
      const count = config.returnState ? statesOf(cell) : 0;
      const plan = both ? { kind: 'bidirectional', config: { layer, mergeMode: 'concat' } } : layer;
      const kept = stateful && !both && !config.goBackwards;
      const results = 1 + (both ? 2 : 1) * count;
      return one([null, size], [{ layer: plan, from: [0], results }], { stateful: kept, seed: own });
    }),
};

const cellPlan = fc
  .constantFrom(...cells)
  .chain((cell) => cellConfig(cell).map((config): LayerPlan => ({ kind: `${cell}Cell`, config })));

/** tf.layers.rnn around one cell or a stack of up to three. */
const cellsFamily: Family = {
  name: 'cells',
  share: 10,
  leastTime: 1,
  subgraphs: false,
  plan: fc
    .record({
      stack: fc.array(cellPlan, { minLength: 1, maxLength: 3 }),
      stacked: fc.boolean(),
      ...layerOptions,
      stateful: fc.boolean(),
      features,
      seed,
    })
    .map(({ stack, stacked, stateful, features: size, seed: own, ...options }) => {
      const single = stack.length === 1 && !stacked;
      const cell = single ? stack[0] : { kind: 'stackedRNNCells', config: { cells: stack } };
      const count = stack.reduce((sum, { kind }) => sum + (kind === 'lstmCell' ? 2 : 1), 0);
      const layer = { kind: 'rnn', config: { ...options, cell } };
      const results = options.returnState ? 1 + count : 1;
      return one([null, size], [{ layer, from: [0], results }], {
        stateful: stateful && !options.goBackwards,
        seed: own,
      });
    }),
};

const bidirectionalFamily: Family = {
  name: 'bidirectional',
  share: 14,
  leastTime: 1,
  subgraphs: false,
  plan: fc
    .constantFrom(...cells)
    .chain((cell) =>
      fc.record({
        cell: fc.constant(cell),
        config: cellConfig(cell),
        returnSequences: fc.boolean(),
        returnState: fc.boolean(),
        mergeMode: fc.constantFrom('concat', 'sum', 'ave', 'mul', null),
        twice: fc.boolean(),
        features,
        seed,
      }),
    )
    .map(({ cell, config, returnSequences, returnState, mergeMode, twice, ...rest }) => {
      const inner = { kind: cell, config: { ...config, returnSequences, returnState, name: 'inner' } };
      const layer = { kind: 'bidirectional', config: { layer: inner, mergeMode } };
      const values = mergeMode === null ? 2 : 1;
      const calls: CallPlan[] = [
        { layer, from: [0], results: values + (returnState ? 2 * statesOf(cell) : 0) },
      ];
      if (twice && returnSequences && values === 1)
        calls.push({ layer: { kind: 'gru', config: { units: 2 } }, from: [1], results: 1 });
      return one([null, rest.features], calls, { seed: rest.seed });
    }),
};

const distributedFamily: Family = {
  name: 'timeDistributed',
  share: 6,
  leastTime: 1,
  subgraphs: false,
  plan: fc
    .record({
      inner: fc.oneof(
        fc.record({ units, activation }).map((config): LayerPlan => ({ kind: 'dense', config })),
        fc.record({ units, activation }).map((config): LayerPlan => ({ kind: 'lstm', config })),
        fc
          .record({ filters: units, kernelSize: fc.constantFrom(1, 3), padding: fc.constant('same') })
          .map((config): LayerPlan => ({ kind: 'conv1d', config })),
        fc.constant({ kind: 'flatten', config: {} }),
      ),
      features,
      seed,
    })
    .map(({ inner, features: size, seed: own }) => {
      const shape = inner.kind === 'dense' ? [null, size] : [null, 4, size];
      const layer = { kind: 'timeDistributed', config: { layer: inner } };
      return one(shape, [{ layer, from: [0], results: 1 }], { seed: own });
    }),
};

/** Recurrent layers and those around them, most of the matrix. */
export const recurrentFamilies: readonly Family[] = [
  ...cells.map(layerFamily),
  cellsFamily,
  bidirectionalFamily,
  composedFamily,
  distributedFamily,
];

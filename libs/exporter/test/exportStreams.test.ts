import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import { tensor } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { exportModel, UnsupportedError } from '../src/index.ts';
import { mulberry32 } from './support/ondaNetArtifacts.ts';
import type { Floats } from './support/onnxRuntime.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import { artifactsOf, randomizeWeights } from './support/tfjsModel.ts';

/** float32 sums of some tens of terms in another order, relative to values of about 1, over 8 samples; measured up to 2e-6. */
const ATOL = 1e-5;
const [batch, time] = [2, 8];

type Layer = layers.Layer;
type Shape = readonly number[];

/** The part of [batch, time, ...] from one sample on, to before another. */
function piece({ dims, data }: Floats, start: number, end: number): Floats {
  const [rows, samples, ...rest] = dims;
  const size = rest.reduce((product, dim) => product * dim, 1);
  const parts = Array.from({ length: rows }, (_, row) =>
    data.subarray((row * samples + start) * size, (row * samples + end) * size),
  );
  return floats(
    [rows, end - start, ...rest],
    parts.flatMap((part) => [...part]),
  );
}

/**
 * Runs a model on a sequence in pieces, passes the state on, and compares the outputs with TensorFlow.js on the whole sequence: each sample, or what
 * the last piece gives where there is no time.
 *
 * @param shapes of the inputs behind the batch; those that start with `time` come in pieces
 */
async function streams(net: LayersModel, shapes: readonly Shape[], whole = 0): Promise<void> {
  randomizeWeights(net, 5);
  const random = mulberry32(7);
  const inputs = shapes.map((shape) => {
    const dims = [batch, ...shape];
    const size = dims.reduce((product, dim) => product * dim, 1);
    const draw = (): number =>
      whole > 0 ? Math.floor(random() * whole) : random() < 0.3 ? 0 : 2 * random() - 1;
    return floats(dims, Array.from({ length: size }, draw));
  });
  const predicted = net.predict(inputs.map(({ dims, data }) => tensor(data, [...dims])));
  const expected = (Array.isArray(predicted) ? predicted : [predicted]).map((value: Tensor) => ({
    dims: value.shape,
    data: value.dataSync() as Float32Array,
  }));
  const exported = exportModel(await artifactsOf(net), { producerVersion: '0.1.0', stateful: true });
  const { graph } = exported.model;
  const session = await LoadedModel.of(exported.model);
  const size = exported.state?.size ?? 0;
  for (const cuts of [[8], [1, 8], [3, 4, 8], [1, 2, 3, 4, 5, 6, 7, 8]]) {
    let state = floats([batch, size], new Float32Array(batch * size));
    let start = 0;
    for (const end of cuts) {
      const feeds = Object.fromEntries(
        inputs.map((value, index) => [
          graph.inputs[index].name,
          shapes[index][0] === time ? piece(value, start, end) : value,
        ]),
      );
      const results = await session.run({ ...feeds, state_in: state });
      expected.forEach((value, index) => {
        const actual = results[graph.outputs[index].name];
        const wanted = value.dims[1] === time ? piece(value, start, end) : end === time ? value : null;
        if (wanted === null) return;
        expect([...actual.dims]).toEqual([...wanted.dims]);
        expect(difference(actual.data, wanted.data)).toBeLessThan(ATOL);
      });
      state = results['state_out'];
      start = end;
    }
  }
}

const lstm = (options: object = {}): Layer => layers.lstm({ units: 4, returnSequences: true, ...options });
const chain = (...list: Layer[]): LayersModel => sequential({ layers: list });

/** Layers that treat each sample of [batch, time, 4] by itself. */
const each: Record<string, () => Layer> = {
  dense: () => layers.dense({ units: 3, activation: 'softmax' }),
  activation: () => layers.activation({ activation: 'softmax' }),
  dropout: () => layers.dropout({ rate: 0.5 }),
  'spatial dropout': () => layers.spatialDropout1d({ rate: 0.5 }),
  noise: () => layers.gaussianNoise({ stddev: 1 }),
  'layer normalization': () => layers.layerNormalization(),
  'batch normalization': () => layers.batchNormalization(),
  relu: () => layers.reLU(),
  'leaky relu': () => layers.leakyReLU(),
  elu: () => layers.elu(),
  'thresholded relu': () => layers.thresholdedReLU(),
  'prelu with one alpha for all samples': () => layers.prelu({ sharedAxes: [1] }),
  softmax: () => layers.softmax({ axis: -1 }),
  rescaling: () => layers.rescaling({ scale: 2, offset: 1 }),
  masking: () => layers.masking(),
  'conv1d of one sample': () => layers.conv1d({ filters: 3, kernelSize: 1 }),
  'max pooling of one sample': () => layers.maxPooling1d({ poolSize: 1 }),
  'a reshape of each sample': () => layers.reshape({ targetShape: [time, 2, 2] }),
  'a reshape of each sample, time left open': () => layers.reshape({ targetShape: [-1, 2, 2] }),
  'a permutation that leaves time': () => layers.permute({ dims: [1, 2] }),
  'a simple rnn': () => layers.simpleRNN({ units: 3, returnSequences: true }),
  'stacked cells': () =>
    layers.rnn({
      cell: [layers.gruCell({ units: 3 }), layers.lstmCell({ units: 2 })] as never,
      returnSequences: true,
    }),
  'a time distributed layer': () => layers.timeDistributed({ layer: layers.dense({ units: 2 }) }),
  'a last output': () => layers.gru({ units: 3 }),
};

describe('exportModel of sequences that come in pieces', () => {
  it.each(Object.entries(each))('gives what the whole gives: %s', async (_name, make) => {
    await streams(chain(lstm({ inputShape: [time, 3] }), make()), [[time, 3]]);
  });

  it('gives what the whole gives: masks, also over whole pieces', async () => {
    await streams(
      chain(
        layers.masking({ inputShape: [null, 1] }),
        lstm(),
        layers.gru({ units: 3, returnSequences: true }),
        layers.dense({ units: 1 }),
      ),
      [[time, 1]],
    );
    await streams(
      chain(
        layers.embedding({ inputDim: 3, outputDim: 4, maskZero: true, inputShape: [time] }),
        lstm(),
        lstm(),
      ),
      [[time]],
      3,
    );
  });

  it('gives what the whole gives: images in time, rows of which a layer runs through', async () => {
    const shape = [time, 4, 4, 1];
    await streams(
      chain(
        layers.timeDistributed({
          layer: layers.conv2d({ filters: 2, kernelSize: 2 }),
          inputShape: [null, 4, 4, 1],
        }),
        layers.timeDistributed({ layer: layers.maxPooling2d({ poolSize: 3 }) }),
        layers.timeDistributed({ layer: layers.flatten() }),
        lstm(),
      ),
      [shape],
    );
    const inner = layers.timeDistributed({ layer: layers.gru({ units: 3 }), inputShape: [null, 5, 2] });
    await streams(chain(inner, lstm()), [[time, 5, 2]]);
    await streams(
      chain(
        layers.conv2d({ filters: 2, kernelSize: [1, 3], inputShape: [time, 5, 2] }),
        layers.upSampling2d({ size: [1, 2] }),
        layers.zeroPadding2d({
          padding: [
            [0, 0],
            [1, 0],
          ],
        }),
        layers.cropping2D({
          cropping: [
            [0, 0],
            [0, 3],
          ],
        }),
        layers.timeDistributed({ layer: layers.flatten() }),
        lstm(),
      ),
      [[time, 5, 2]],
    );
  });

  it('gives what the whole gives: branches, models in models, inputs that are the same for all samples', async () => {
    const x = input({ shape: [null, 3], name: 'x' });
    const context = input({ shape: [2], name: 'context' });
    const a = lstm().apply(x) as SymbolicTensor;
    const b = layers.simpleRNN({ units: 4, returnSequences: true }).apply(x) as SymbolicTensor;
    const sum = layers.add().apply([a, b]) as SymbolicTensor;
    const both = layers.concatenate().apply([sum, x]) as SymbolicTensor;
    const inner = sequential({ layers: [layers.gru({ units: 3, inputShape: [null, 7] })] });
    const last = inner.apply(both) as SymbolicTensor;
    const side = layers.dense({ units: 3 }).apply(context) as SymbolicTensor;
    const outputs = [both, layers.multiply().apply([last, side]) as SymbolicTensor];
    await streams(model({ inputs: [x, context], outputs }), [[time, 3], [2]]);
  });

  it('restarts a decoder of the last state with each piece', async () => {
    await streams(
      chain(
        layers.gru({ units: 3, inputShape: [null, 2] }),
        layers.repeatVector({ n: 3 }),
        lstm(),
        layers.flatten(),
      ),
      [[time, 2]],
    );
  });

  const x = (): SymbolicTensor => input({ shape: [time, 4], name: 'x' });
  const ways: [string, () => LayersModel, string][] = (
    [
      [
        'conv',
        () => layers.conv1d({ filters: 2, kernelSize: 3, padding: 'same', name: 'conv' }),
        'its windows of 3 samples, 1 apart, span the ends of pieces',
      ],
      [
        'stride',
        () => layers.conv1d({ filters: 2, kernelSize: 1, strides: 2, name: 'stride' }),
        'its windows of 1 samples, 2 apart, span the ends of pieces',
      ],
      [
        'pool',
        () => layers.maxPooling1d({ name: 'pool' }),
        'its windows of 2 samples, 2 apart, span the ends of pieces',
      ],
      ['global', () => layers.globalMaxPooling1d({ name: 'global' }), 'it pools over all samples'],
      ['flat', () => layers.flatten({ name: 'flat' }), 'it flattens all samples'],
      [
        'shape',
        () => layers.reshape({ targetShape: [time * 2, 2], name: 'shape' }),
        'it changes the samples',
      ],
      ['turn', () => layers.permute({ dims: [2, 1], name: 'turn' }), 'it moves the time axis'],
      ['soft', () => layers.softmax({ axis: 1, name: 'soft' }), 'its softmax is over time'],
      ['norm', () => layers.layerNormalization({ axis: [1, 2], name: 'norm' }), 'it normalizes over time'],
      ['batch', () => layers.batchNormalization({ axis: 1, name: 'batch' }), 'it normalizes over time'],
      ['slopes', () => layers.prelu({ name: 'slopes' }), 'it has an alpha per sample'],
      [
        'back',
        () => layers.gru({ units: 2, goBackwards: true, name: 'back' }),
        'go_backwards: a layer that runs backwards needs the end of a sequence',
      ],
      [
        'both',
        () => layers.bidirectional({ layer: layers.gru({ units: 2 }), mergeMode: 'sum', name: 'both' }),
        'a Bidirectional layer needs the end of a sequence',
      ],
    ] as const
  ).map(([name, make, reason]) => [
    name,
    () => {
      const given = x();
      const values = lstm().apply(given) as SymbolicTensor;
      return model({ inputs: given, outputs: make().apply(values) as SymbolicTensor });
    },
    `layer "${name}": ${reason}, so a sequence cannot come in pieces; export without stateful`,
  ]);
  it.each(ways)('refuses what mixes samples: %s', async (_name, make, text) => {
    const artifacts = await artifactsOf(make());
    expect(() => exportModel(artifacts, { producerVersion: '0.1.0', stateful: true })).toThrow(
      new UnsupportedError(text),
    );
  });

  it('refuses to join what comes in pieces along time, in products, with what comes whole, and given states', async () => {
    const refused = async (
      make: (values: SymbolicTensor, last: SymbolicTensor) => SymbolicTensor,
      text: string,
    ): Promise<void> => {
      const given = x();
      const values = lstm().apply(given) as SymbolicTensor;
      const last = layers.gru({ units: 4 }).apply(given) as SymbolicTensor;
      const artifacts = await artifactsOf(model({ inputs: given, outputs: make(values, last) }));
      expect(() => exportModel(artifacts, { producerVersion: '0.1.0', stateful: true })).toThrow(
        new UnsupportedError(text),
      );
    };
    await refused(
      (values) => layers.concatenate({ axis: 1, name: 'l' }).apply([values, values]) as SymbolicTensor,
      'layer "l": it concatenates sequences along time, so a sequence cannot come in pieces; export without stateful',
    );
    await refused(
      (values) => layers.dot({ axes: 2, name: 'l' }).apply([values, values]) as SymbolicTensor,
      'layer "l": its products combine samples, so a sequence cannot come in pieces; export without stateful',
    );
    await refused(
      (values, last) =>
        layers
          .add({ name: 'l' })
          .apply([values, layers.repeatVector({ n: time }).apply(last) as SymbolicTensor]) as SymbolicTensor,
      'layer "l": it combines a sequence that comes in pieces with a whole one, [batch, 8, 4]; export without stateful',
    );
    await refused(
      (values, last) => layers.gru({ units: 4, name: 'l' }).apply([values, last]) as SymbolicTensor,
      'layer "l": it starts every piece from the states in its inputs, so a sequence cannot come in pieces; export without stateful',
    );
  });
});

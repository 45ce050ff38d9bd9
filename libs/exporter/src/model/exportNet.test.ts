import type { Scaler } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import { writeModel } from '@onda/onnx';
import { describe, expect, it } from 'vitest';
import { ondaNetArtifacts, randomWeights } from '../../test/support/ondaNetArtifacts.ts';
import type { ExportNetOptions } from './exportNet.ts';
import { exportNet } from './exportNet.ts';
import { withMetadata } from './onnxModel.ts';
import type { NetSpec } from './readNet.ts';

const spec: NetSpec = { cell: 'lstm', units: 3, layers: 2, features: 1, outputs: 1 };
const none: Scaler = { kind: 'none', center: [0], scale: [1] };
const options = { lag: 1, scaler: none, producerVersion: '0.1.0' };

const artifactsOf = (net: NetSpec): ReturnType<typeof ondaNetArtifacts> =>
  ondaNetArtifacts(net, randomWeights(net, 1));

describe(exportNet, () => {
  it('lists the tensors and the rows of the state', () => {
    const { spec: told, state, tensors } = exportNet(artifactsOf(spec), options);
    expect(told).toEqual(spec);
    expect(state).toEqual({
      size: 12,
      rows: [
        { layer: 'recurrent_0', kind: 'h', offset: 0, size: 3 },
        { layer: 'recurrent_0', kind: 'c', offset: 3, size: 3 },
        { layer: 'recurrent_1', kind: 'h', offset: 6, size: 3 },
        { layer: 'recurrent_1', kind: 'c', offset: 9, size: 3 },
      ],
    });
    const x = { name: 'x', type: 'float32', shape: ['batch', 'time', 1] };
    const stateIn = { name: 'state_in', type: 'float32', shape: ['batch', 12] };
    const stateOut = { name: 'state_out', type: 'float32', shape: ['batch', 12] };
    expect(tensors).toEqual({
      model: { inputs: [x, stateIn], outputs: [{ ...x, name: 'y' }, stateOut] },
      generator: {
        inputs: [x, stateIn, { name: 'samples', type: 'int64', shape: [1] }],
        outputs: [{ name: 'y', type: 'float32', shape: ['batch', 'samples', 1] }, stateOut],
      },
    });
  });

  it('writes one recurrent node per layer and no Transpose between them', () => {
    const { nodes } = exportNet(artifactsOf(spec), options).model.graph;
    expect(nodes.map(({ op }) => op)).toEqual([
      'Transpose',
      'Unsqueeze',
      'Split',
      'LSTM',
      'Squeeze',
      'LSTM',
      'Squeeze',
      'MatMul',
      'Add',
      'Transpose',
      'Concat',
      'Squeeze',
    ]);
    expect(nodes.filter(({ op }) => op === 'LSTM').map(({ name }) => name)).toEqual([
      'recurrent_0',
      'recurrent_1',
    ]);
  });

  it('takes the form of the closed loop that is fastest for the net', () => {
    const loops = (net: Partial<NetSpec>, lag = 1): string[] => {
      const { generator } = exportNet(artifactsOf({ ...spec, layers: 1, ...net }), { ...options, lag });
      return generator!.graph.nodes.filter(({ op }) => op === 'If').map(({ name }) => name);
    };
    // One node without a loop for small batches of small nets, else a Scan where there is something left to feed.
    expect(loops({ cell: 'rnn' })).toEqual(['by_batch']);
    expect(loops({ cell: 'lstm' })).toEqual(['by_batch']);
    expect(loops({ cell: 'rnn', units: 128 })).toEqual(['loop']);
    expect(loops({ cell: 'gru' })).toEqual(['by_batch']);
    expect(loops({ cell: 'gru', units: 64 })).toEqual(['loop']);
    expect(loops({ cell: 'rnn', layers: 2 })).toEqual(['loop']);
    expect(loops({ cell: 'lstm' }, 2)).toEqual(['loop']);
  });

  it('adds no nodes for no scaling', () => {
    const names = (kind: Scaler['kind']): string[] =>
      exportNet(artifactsOf(spec), { ...options, scaler: { ...none, kind } }).model.graph.nodes.map(
        ({ name }) => name,
      );
    expect(names('none').filter((name) => name.startsWith('scaler'))).toEqual([]);
    expect(names('minmax').filter((name) => name.startsWith('scaler'))).toEqual([
      'scaler/center',
      'scaler/scale',
      'scaler/scale/time_major',
      'scaler/unscale',
      'scaler/uncenter',
      'scaler/uncenter/batch_major',
    ]);
  });

  it('has no generator when the outputs cannot be the next inputs', () => {
    const exported = exportNet(artifactsOf({ ...spec, outputs: 2 }), options);
    expect([exported.generator, exported.tensors.generator]).toEqual([null, null]);
  });

  it('gives the same bytes for the same net', () => {
    const bytes = (): Uint8Array => writeModel(exportNet(artifactsOf(spec), options).generator!);
    expect(bytes()).toEqual(bytes());
  });

  const wrong: [string, NetSpec, Partial<ExportNetOptions>, string][] = [
    [
      'a lag of 0',
      spec,
      { lag: 0 },
      'lag: expected a whole number of at least 1, got 0; say how many samples ahead y is of x',
    ],
    [
      'an operator set without kernels',
      spec,
      { opset: 22 },
      'opset: expected 14 to 21, got 22; from 22 on ONNX Runtime has no CUDA and WebGPU kernels for recurrent layers',
    ],
    [
      'a scaler of other features',
      spec,
      { scaler: { ...none, center: [0, 0] } },
      'scaler: expected center and scale of 1 features, got 2 and 1; give one of each for every feature',
    ],
    [
      'a scaler for outputs that are not the features',
      { ...spec, outputs: 2 },
      { scaler: { ...none, kind: 'minmax' } },
      'scaler: expected as many outputs as features to scale back, got 2 outputs for 1 features; use kind "none"',
    ],
  ];
  it.each(wrong)('refuses %s', (_what, net, changed, message) => {
    expect(() => exportNet(artifactsOf(net), { ...options, ...changed })).toThrow(new ConfigError(message));
  });
});

describe(withMetadata, () => {
  it('adds entries and replaces equal keys', () => {
    const { model } = exportNet(artifactsOf(spec), options);
    const once = withMetadata(model, { a: '1', b: '2' });
    expect(withMetadata(once, { b: '3' }).metadata).toEqual({ a: '1', b: '3' });
    expect(model.metadata).toEqual({});
  });
});

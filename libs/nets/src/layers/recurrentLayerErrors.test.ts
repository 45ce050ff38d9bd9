import { tidy, zeros } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { RecurrentLayer } from './recurrentLayer.ts';
import { OndaGRU, OndaLSTM, OndaRNN } from './recurrentLayers.ts';

await openWasmBackend();

describe(RecurrentLayer, () => {
  const rejected: [name: string, run: () => unknown, error: Error][] = [
    [
      'units below 1',
      () => new OndaLSTM({ units: 0, name: 'a' }),
      new ConfigError('layer "a": units: expected a whole number of at least 1, got 0; set it'),
    ],
    [
      'a part of a unit',
      () => new OndaGRU({ units: 1.5, name: 'a' }),
      new ConfigError('layer "a": units: expected a whole number of at least 1, got 1.5; set it'),
    ],
    [
      'another activation',
      () => new OndaRNN({ units: 1, name: 'a', activation: 'elu' as never }),
      new ConfigError('layer "a": activation: expected "tanh" or "relu", got "elu"; use one of the two'),
    ],
    [
      'an input that is not a sequence',
      () => new OndaRNN({ units: 1, name: 'a' }).apply(zeros([2, 3])),
      new ShapeError(
        'layer "a": expected input [batch, time, features] with a fixed number of features, got [2, 3]; set inputShape: [null, features]',
      ),
    ],
    [
      'features that are not known',
      () => sequential({ layers: [new OndaRNN({ units: 1, name: 'a', inputShape: [5, null] })] }),
      new ShapeError(
        'layer "a": expected input [batch, time, features] with a fixed number of features, got [null, 5, null]; set inputShape: [null, features]',
      ),
    ],
    [
      'half of an initial state',
      () => new OndaLSTM({ units: 4, name: 'a' }).apply([zeros([1, 2, 1]), zeros([1, 4])]),
      new ShapeError(
        'layer "a": expected x alone or x and h and c, got 2 inputs; pass the complete initial state or none',
      ),
    ],
    [
      'an initial state of other units',
      () => new OndaGRU({ units: 4, name: 'a' }).apply([zeros([1, 2, 1]), zeros([1, 3])]),
      new ShapeError(
        'layer "a": expected initial state h of shape [batch, units] = [1, 4], got [1, 3]; pass one row of units per sequence of x',
      ),
    ],
    [
      'an initial state of another batch',
      () => new OndaLSTM({ units: 4, name: 'a' }).apply([zeros([2, 2, 1]), zeros([2, 4]), zeros([1, 4])]),
      new ShapeError(
        'layer "a": expected initial state c of shape [batch, units] = [2, 4], got [1, 4]; pass one row of units per sequence of x',
      ),
    ],
    [
      'an initial state of whole numbers',
      () => new OndaGRU({ units: 4, name: 'a' }).apply([zeros([1, 2, 1]), zeros([1, 4], 'int32')]),
      new ShapeError('layer "a": expected initial state h in float32, got int32; cast it'),
    ],
    [
      'whole numbers',
      () => new OndaGRU({ units: 4, name: 'a' }).apply(zeros([1, 2, 1], 'int32')),
      new ShapeError('layer "a": expected x in float32, got int32; cast it'),
    ],
    [
      'other features than it was built with',
      () => {
        const layer = new OndaGRU({ units: 4, name: 'a' });
        layer.apply(zeros([1, 2, 1]));
        return layer.apply(zeros([1, 2, 3]));
      },
      new ShapeError(
        'layer "a": expected x of shape [batch, time, 1] with every dim at least 1, got [1, 2, 3]; pass the features that the layer was built with',
      ),
    ],
    [
      'a sequence without samples',
      () => new OndaRNN({ units: 4, name: 'a' }).apply(zeros([1, 0, 1])),
      new ShapeError(
        'layer "a": expected x of shape [batch, time, 1] with every dim at least 1, got [1, 0, 1]; pass the features that the layer was built with',
      ),
    ],
    [
      'a call before it is built',
      () => new OndaRNN({ units: 4, name: 'a' }).call(zeros([1, 1, 1])),
      new ShapeError('layer "a": expected a built layer, got call before apply; call apply'),
    ],
    [
      'a mask',
      () =>
        sequential({
          layers: [layers.masking({ inputShape: [3, 1] }), new OndaRNN({ units: 4, name: 'a' })],
        }).predict(zeros([1, 3, 1])),
      new ConfigError(
        'layer "a": expected no mask, got one from the layers below; remove the masking and pass sequences of equal length',
      ),
    ],
    [
      'an option of another layer',
      () => new OndaLSTM({ units: 4, name: 'a', stateful: true } as never),
      new ConfigError(
        'layer "a": stateful: expected one of units, returnSequences, returnState, goBackwards, seed, kernelInitializer, recurrentInitializer, biasInitializer, recurrentBiasInitializer; leave it out',
      ),
    ],
    [
      'text for true or false',
      () => new OndaLSTM({ units: 4, name: 'a', returnSequences: 'yes' as never }),
      new ConfigError('layer "a": returnSequences: expected true or false, got "yes"; set it'),
    ],
    [
      'a number for resetAfter',
      () => new OndaGRU({ units: 4, name: 'a', resetAfter: 0 as never }),
      new ConfigError('layer "a": resetAfter: expected true or false, got 0; set it'),
    ],
    [
      'a seed that is not a whole number',
      () => new OndaGRU({ units: 4, name: 'a', seed: 0.5 }),
      new ConfigError('layer "a": seed: expected a whole number, got 0.5; set it'),
    ],
    [
      'an initializer that is none',
      () => new OndaGRU({ units: 4, name: 'a', kernelInitializer: 'xavier' as never }),
      new ConfigError(
        'layer "a": kernelInitializer: expected an initializer of tf.initializers or one of zeros, ones, glorotNormal, glorotUniform, heNormal, heUniform, leCunNormal, leCunUniform, orthogonal, got "xavier"; use one of them',
      ),
    ],
  ];
  it.each(rejected)('rejects %s', (_, run, error) => {
    tidy(() => {
      expect(run).toThrow(error);
    });
  });
});

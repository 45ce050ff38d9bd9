import { slice, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { ConfigError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LossSpec } from './losses.ts';
import { Net } from './net.ts';
import type { NetSpec } from './netSpec.ts';
import { DIFFERENCE_ATOL, expectClose, made, slopeOf } from './testing/netCase.ts';
import { seededUniform } from './testing/randomNumbers.ts';

beforeAll(async () => {
  await openWasmBackend();
});

const spec = (cell: NetSpec['cell'], more: Partial<NetSpec> = {}): NetSpec => ({
  cell,
  units: 5,
  layers: 2,
  features: 2,
  outputs: 2,
  ...more,
});

describe('windows', () => {
  it('count only samples after the warm-up', () => {
    const net = Net.create(spec('gru'), seededUniform(1));
    const { x, y } = made(net);
    tidy(() => {
      const whole = net.windowGradients(x, y);
      const plain = net.lossAndGradients(x, y, net.zeroState(3));
      expectClose(whole.loss, plain.loss);
      whole.gradients.forEach((gradient, index) => {
        expectClose(gradient, plain.gradients[index]);
      });
      // Values before the warm-up's end do not matter.
      const other = tensor3d(
        y.dataSync().map((value, index) => (index % 12 < 8 ? 100 : value)),
        [3, 6, 2],
      );
      const counted = net.windowGradients(x, y, { warmup: 4 });
      const again = net.windowGradients(x, other, { warmup: 4 });
      expect(again.gradients.map((part) => part.dataSync())).toEqual(
        counted.gradients.map((part) => part.dataSync()),
      );
      expect(counted.prediction.shape).toEqual([3, 2, 2]);
      expectClose(counted.prediction, slice(whole.prediction, [0, 4, 0], [-1, -1, -1]));
      expectClose(net.windowLoss(x, y, { warmup: 4 }), counted.loss);
    });
  });

  it('feed back the predictions of the closed loop', () => {
    const net = Net.create(spec('lstm'), seededUniform(1));
    const { x, y } = made(net);
    tidy(() => {
      // With lag 2, samples 3, 4 and 5 are the predictions at samples 1, 2 and 3.
      const predictions = net.windowGradients(x, y, { feedback: { samples: 3, lag: 2 } }).prediction;
      const fed = x.dataSync<'float32'>().slice();
      const made = predictions.dataSync<'float32'>();
      for (let row = 0; row < 3; row++) {
        for (let sample = 3; sample < 6; sample++) {
          const at = (row * 6 + sample) * 2;
          fed.set(made.subarray(at - 4, at - 2), at);
        }
      }
      expectClose(net.forward(tensor3d(fed, [3, 6, 2]), net.zeroState(3)).y, predictions);
    });
  });

  const cases: [name: string, spec: NetSpec, samples: number, lag: number][] = [
    ['rnn', spec('rnn', { layers: 1 }), 4, 1],
    ['lstm', spec('lstm'), 3, 2],
    ['gru', spec('gru'), 5, 1],
    ['more lag than samples', spec('gru'), 2, 3],
    ['a distribution', spec('gru', { loss: { kind: 'gaussian' } as LossSpec }), 4, 1],
  ];
  it.each(cases)('give the gradients of finite differences with feedback: %s', (_, of, samples, lag) => {
    const net = Net.create(of, seededUniform(2));
    const { x, y } = made(net);
    const options = { warmup: 1, feedback: { samples, lag } };
    const { loss, gradients } = net.windowGradients(x, y, options);
    expectClose(net.windowLoss(x, y, options), loss);
    net.variables.forEach((weight, index) => {
      const slope = slopeOf(weight, () => net.windowLoss(x, y, options));
      expect(Math.abs(gradients[index].dataSync()[0] - slope)).toBeLessThan(DIFFERENCE_ATOL);
    });
  });

  it('reject a warm-up or feedback that does not fit', () => {
    const net = Net.create(spec('rnn'), seededUniform(1));
    const { x, y } = made(net);
    expect(() => net.windowLoss(x, y, { warmup: 6 })).toThrow(
      new ConfigError(
        'net warm-up: expected a whole number from 0 to 5, below the 6 samples of the window, got 6; lower it',
      ),
    );
    expect(() => net.windowLoss(x, y, { feedback: { samples: 6, lag: 1 } })).toThrow(
      new ConfigError(
        'net feedback: expected 1 to 5 samples in a window of 6 with lag 1, got 6; use longer windows',
      ),
    );
  });
});

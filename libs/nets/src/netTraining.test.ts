import { mul, slice, sub, tidy } from '@tensorflow/tfjs-core';
import { ConfigError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { describe, expect, it } from 'vitest';
import type { LossSpec } from './losses.ts';
import { Net } from './net.ts';
import { DIFFERENCE_ATOL, expectClose, made, slopeOf } from './testing/netCase.ts';
import { seededUniform } from './testing/randomNumbers.ts';

await openWasmBackend();

describe(Net, () => {
  const heads: [name: string, loss: LossSpec, columns: number][] = [
    ['huber', { kind: 'huber', delta: 0.5 }, 2],
    ['gaussian', { kind: 'gaussian' }, 4],
    ['quantile', { kind: 'quantile', levels: [0.5, 0.1, 0.9] }, 6],
  ];
  it.each(heads)(
    'learns with a %s loss, and predicts the first block of its read-out',
    (_, loss, columns) => {
      const spec = { cell: 'gru', units: 5, layers: 2, features: 1, outputs: 2, loss } as const;
      const net = Net.create(spec, seededUniform(1));
      const { x, y, state } = made(net);
      const start = net.forward(x, state).y;
      const losses = Array.from({ length: 60 }, () =>
        tidy(() => {
          const { loss: value, prediction, gradients } = net.lossAndGradients(x, y, state);
          expect(prediction.shape).toEqual([3, 6, 2]);
          net.variables.forEach((weight, index) => {
            weight.assign(sub(weight, mul(gradients[index], 0.3)));
          });
          return value.dataSync()[0];
        }),
      );
      expect(losses[59]).toBeLessThan(losses[0] - 0.05);
      tidy(() => {
        const { readout } = net.forwardReadout(x, state);
        expect(readout.shape).toEqual([3, 6, columns]);
        expectClose(net.forward(x, state).y, slice(readout, [0, 0, 0], [-1, -1, 2]));
        expect(Array.from(start.dataSync())).not.toEqual(Array.from(net.forward(x, state).y.dataSync()));
        const copy = Net.fromArtifacts(net.toArtifacts());
        expect(copy.spec).toEqual(spec);
        expectClose(copy.forward(x, state).y, net.forward(x, state).y);
      });
    },
  );

  describe('with dropout', () => {
    const spec = {
      cell: 'lstm',
      units: 6,
      layers: 3,
      features: 1,
      outputs: 1,
      dropout: { rate: 0.4, seed: 9 },
    } as const;
    const plain = { ...spec, dropout: undefined };

    it('predicts the same as without dropout', () => {
      const net = Net.create(spec, seededUniform(1));
      const { x, state } = made(net);
      tidy(() => {
        expect(net.forward(x, state).y.dataSync()).toEqual(
          Net.create(plain, seededUniform(1)).forward(x, state).y.dataSync(),
        );
      });
    });

    it('gives the same bits for the same draw and other bits for another', () => {
      const net = Net.create(spec, seededUniform(1));
      const { x, y, state } = made(net);
      const values = (draw: number): unknown =>
        tidy(() => {
          const { loss, gradients } = net.lossAndGradients(x, y, state, 'mse', draw);
          return [loss, ...gradients].map((part) => part.dataSync().slice());
        });
      expect(values(4)).toEqual(values(4));
      expect(values(4)).not.toEqual(values(5));
    });

    it('gives the gradients of finite differences for one draw', () => {
      const net = Net.create(spec, seededUniform(2));
      const { x, y, state } = made(net);
      const { gradients } = net.lossAndGradients(x, y, state, 'mse', 7);
      net.variables.forEach((weight, index) => {
        const slope = slopeOf(weight, () => net.lossAndGradients(x, y, state, 'mse', 7).loss);
        expect(Math.abs(gradients[index].dataSync()[0] - slope)).toBeLessThan(DIFFERENCE_ATOL);
      });
    });

    it('is restored from its artifacts', () => {
      expect(Net.fromArtifacts(Net.create(spec, seededUniform(1)).toArtifacts()).spec).toEqual(spec);
    });

    it('rejects a training step without the number of the draw', () => {
      const net = Net.create(spec, seededUniform(1));
      const { x, y, state } = made(net);
      expect(() => net.lossAndGradients(x, y, state, 'mse')).toThrow(
        new ConfigError(
          'net draw: expected a whole number, from which the dropout is drawn, got undefined; give the number of the training step',
        ),
      );
    });
  });
});

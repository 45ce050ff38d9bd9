import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ones, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { CellKind } from '@onda/contract';
import { readoutLossKernelName, recurrentKernelNames } from '@onda/kernels';
import { recurrentAttributes } from '@onda/nets';
import { describePyTorchGradients, describeRecurrentKernels } from '@onda/nets/testing';
import { registerNativeKernels } from './nativeKernels.ts';
import { nativeKernelsHere, runKernel } from './testing/nativeKernelsHere.ts';

const here = await nativeKernelsHere();

const batch = 2;
const time = 3;
const features = 2;
const units = 4;

/** Shapes of the forward op's inputs, right ones. */
function shapesOf(cell: CellKind): number[][] {
  const columns = { rnn: 1, lstm: 4, gru: 3 }[cell] * units;
  const state = [batch, units];
  const shapes = [
    [batch, time, features],
    [features, columns],
    [units, columns],
    [columns],
    [columns],
    state,
  ];
  return cell === 'lstm' ? [...shapes, state] : shapes;
}

const tensors = (shapes: readonly number[][]): Tensor[] => shapes.map((shape) => ones(shape));

function forward(cell: CellKind, shapes: readonly number[][]): () => Tensor[] {
  const attributes = recurrentAttributes({ cell, training: true });
  return () => tidy(() => runKernel(recurrentKernelNames.forward, tensors(shapes), attributes));
}

function readoutLoss(shapes: readonly number[][]): () => Tensor[] {
  const attributes = { loss: 'mse', delta: 1, levels: [], gradients: true };
  return () => tidy(() => runKernel(readoutLossKernelName, tensors(shapes), attributes));
}

/** Right shapes with one of them replaced. */
const withShape = (shapes: number[][], index: number, shape: number[]): number[][] =>
  shapes.map((right, at) => (at === index ? shape : right));

const inputNames = ['x', 'kernel', 'recurrentKernel', 'bias', 'recurrentBias', 'h0', 'c0'] as const;

describe.runIf(here)(registerNativeKernels, () => {
  it('is idempotent', () => {
    expect(() => {
      registerNativeKernels('/nowhere/onda_kernels.node');
    }).not.toThrow();
  });
});

describe.runIf(here)('the native recurrent op, unchecked before', () => {
  for (const cell of ['rnn', 'lstm', 'gru'] as const) {
    const right = shapesOf(cell);
    it(`${cell}: accepts inputs of the right shapes`, () => {
      tidy(() => {
        expect(forward(cell, right)()[0].shape).toEqual([batch, time, units]);
      });
    });
    for (const index of right.keys()) {
      it(`${cell}: rejects a wrong ${inputNames[index]} with a message`, () => {
        for (const wrong of [[7], [], [batch, time, features, 1], [0, 0, 0], [3, 5]])
          expect(forward(cell, withShape(right, index, wrong)), `shape [${wrong.join()}]`).toThrow(
            /: expected shape .*, got .*; (its sizes must fit|give it)/,
          );
      });
    }
  }

  it('says which input, what was expected and what came', () => {
    expect(forward('lstm', withShape(shapesOf('lstm'), 6, [3, 4]))).toThrow(
      'OndaLstm input c0: expected shape [2,4], got [3,4]; its sizes must fit x and recurrentKernel',
    );
  });

  it('rejects a call without c0, and one with too much', () => {
    expect(forward('lstm', shapesOf('gru'))).toThrow(
      "OndaLstm: expected 7 inputs, got 6; pass them in the op's order",
    );
    expect(forward('gru', shapesOf('lstm'))).toThrow(
      "OndaGru: expected 6 inputs, got 7; pass them in the op's order",
    );
    expect(readoutLoss(shapesOf('gru'))).toThrow(
      "OndaReadoutLoss: expected 4 inputs, got 6; pass them in the op's order",
    );
  });

  it('rejects a reserve that another cell has left', () => {
    const sequence = [batch, time, units];
    const state = [batch, units];
    const inputs = [...shapesOf('gru'), sequence, [batch, time, 5 * units], sequence, state];
    expect(() =>
      tidy(() =>
        runKernel(recurrentKernelNames.backward, tensors(inputs), recurrentAttributes({ cell: 'gru' })),
      ),
    ).toThrow(
      'OndaGruGrad input reserve: expected shape [2,3,16], got [2,3,20]; its sizes must fit x and recurrentKernel',
    );
  });
});

describe.runIf(here)('the native read-out and loss op, unchecked before', () => {
  const right = [[batch, time, units], [units, 2], [2], [batch, time, 2]];

  it('rejects inputs that do not match', () => {
    tidy(() => {
      expect(readoutLoss(right)()[1].shape).toEqual([batch, time, 2]);
    });
    expect(readoutLoss(withShape(right, 0, [batch, units]))).toThrow(
      'OndaReadoutLoss input hidden: expected shape [batch, time, units] with every dim at least 1, got [2,4]; give it 3 dims that are not empty',
    );
    expect(readoutLoss(withShape(right, 1, [units, 3]))).toThrow(
      'OndaReadoutLoss input kernel: expected shape [4,2], got [4,3]; its sizes must fit hidden, target and loss',
    );
    expect(readoutLoss(withShape(right, 2, [3]))).toThrow(
      'OndaReadoutLoss input bias: expected shape [2], got [3]; its sizes must fit target and loss',
    );
    expect(readoutLoss(withShape(right, 3, [batch, time + 1, 2]))).toThrow(
      'OndaReadoutLoss input target: expected shape [batch, time, outputs] with the batch and time of [2,3,4], got [2,4,2]; it has a value for every sample',
    );
  });
});

describe.runIf(here)('the native kernels on one thread and on two', () => {
  it('give the same bits', () => {
    const script = fileURLToPath(new URL('./testing/printBits.ts', import.meta.url));
    const bits = (threads: string): string =>
      execFileSync(process.execPath, ['--import', 'tsx', script], {
        env: { ...process.env, TF_NUM_INTRAOP_THREADS: threads },
        encoding: 'utf8',
      });
    const one = bits('1');
    expect(one).toMatch(/^(rnn|lstm|gru) [0-9a-f]{64}$/m);
    expect(bits('2')).toBe(one);
    expect(bits('2')).toBe(one);
  }, 60_000);
});

if (await nativeKernelsHere()) {
  describeRecurrentKernels({ name: 'tensorflow, kernels in C++', setup: () => undefined });
  describePyTorchGradients({ name: 'tensorflow, kernels in C++', setup: () => undefined });
} else {
  describe('recurrent kernels: tensorflow, kernels in C++', () => {
    it.skip('the native kernels are not set up');
  });
}

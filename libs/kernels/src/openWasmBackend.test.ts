import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { clone, engine, getBackend, reshape, slice, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '@onda/contract';
import { openWasmBackend } from './openWasmBackend.ts';
import type { OptimizerAttributes } from './optimizerOp.ts';
import { optimizerDefaults, optimizerKernelName } from './optimizerOp.ts';
import { recurrentKernelNames } from './recurrentOp.ts';
import { WasmModule } from './wasmModule.ts';

beforeAll(async () => {
  await openWasmBackend();
});

function run(name: string, inputs: readonly Tensor[], attributes: object): Tensor[] {
  // The engine accepts an array as well as a map; its types omit that.
  return engine().runKernel<Tensor[]>(name, inputs as unknown as NamedTensorMap, { ...attributes });
}

/** A step of SGD: the new values of one variable, whose data is in the module's memory. */
function sgdStep(values: Tensor): Tensor {
  const attributes: OptimizerAttributes = { ...optimizerDefaults, kind: 'sgd', learningRate: 1, step: 1 };
  const [moved, slots] = run(
    optimizerKernelName,
    [values, tensor1d(new Float32Array(values.size).fill(1)), tensor1d(new Float32Array(values.size))],
    attributes,
  );
  slots.dispose();
  return moved;
}

describe(openWasmBackend, () => {
  it("makes TF.js's cpu backend current, again and again", async () => {
    expect(await openWasmBackend()).toEqual({ name: 'wasm', version: '4.22.0' });
    expect(getBackend()).toBe('cpu');
  });

  it('rejects another source later', async () => {
    await expect(openWasmBackend('kernels.wasm')).rejects.toThrow(
      new ConfigError(
        'openWasmBackend: expected the source of the first call, got another one; the kernels are loaded once',
      ),
    );
  });
});

describe('a tensor in the memory of the module', () => {
  it('is read by TF.js as any other, shared, sliced and reshaped', () => {
    tidy(() => {
      const moved = sgdStep(tensor1d([1, 2, 3, 4]));
      expect(Array.from(moved.dataSync())).toEqual([0, 1, 2, 3]);
      expect(Array.from(slice(moved, [1], [2]).dataSync())).toEqual([1, 2]);
      const other = reshape(moved, [2, 2]);
      moved.dispose();
      expect(Array.from(other.dataSync())).toEqual([0, 1, 2, 3]);
    });
  });

  it('gives arrays and slices that keep their values when it is freed and its memory is used again', () => {
    tidy(() => {
      const moved = sgdStep(tensor1d([1, 2, 3, 4]));
      const values = moved.dataSync();
      const part = slice(moved, [2], [2]);
      moved.dispose();
      for (let again = 0; again < 8; again++) sgdStep(tensor1d([9, 9, 9, 9]));
      expect(Array.from(values)).toEqual([0, 1, 2, 3]);
      expect(Array.from(part.dataSync())).toEqual([2, 3]);
    });
  });

  it('keeps its values when the memory grows', () => {
    tidy(() => {
      const moved = sgdStep(tensor1d([1, 2, 3, 4]));
      const again = sgdStep(moved);
      sgdStep(tensor1d(new Float32Array(8 * 2 ** 20)));
      expect(Array.from(moved.dataSync())).toEqual([0, 1, 2, 3]);
      expect(Array.from(again.dataSync())).toEqual([-1, 0, 1, 2]);
    });
  });

  it('is freed with its last tensor', () => {
    const allocate = vi.spyOn(WasmModule.prototype, 'allocate');
    const release = vi.spyOn(WasmModule.prototype, 'release');
    let values: Tensor = tensor1d([0]);
    for (let step = 0; step < 10; step++) {
      const moved = tidy(() => sgdStep(values));
      values.dispose();
      values = moved;
    }
    const copy = clone(values);
    values.dispose();
    expect(copy.dataSync()[0]).toBe(-10);
    expect(release).toHaveBeenCalledTimes(allocate.mock.calls.length - 1);
    copy.dispose();
    expect(release).toHaveBeenCalledTimes(allocate.mock.calls.length);
  });
});

describe('a kernel of the module', () => {
  it('rejects another number of inputs', () => {
    tidy(() => {
      expect(() =>
        run(recurrentKernelNames.forward, [tensor1d([1])], { cell: 'gru', training: true }),
      ).toThrow("gru: expected 6 inputs, got 1; pass them in the op's order");
    });
  });

  it('says so when its results do not fit into the memory, and runs on', () => {
    const time = 2 ** 20;
    const units = 1024;
    const shapes = [[1, time, 1], [1, units], [units, units], [units], [units], [1, units]];
    expect(() =>
      tidy(() =>
        run(
          recurrentKernelNames.forward,
          shapes.map((shape) => zeros(shape)),
          { cell: 'rnn' },
        ),
      ),
    ).toThrow(
      /^rnn: expected 4096 MiB of memory, but WebAssembly has \d+ MiB and cannot grow further; use a smaller batch/,
    );
    tidy(() => {
      expect(Array.from(sgdStep(tensor1d([1])).dataSync())).toEqual([0]);
    });
  });
});

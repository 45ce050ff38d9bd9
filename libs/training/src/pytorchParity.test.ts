import { readFileSync } from 'node:fs';
import type { CellKind } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { parseFitConfig } from '@onda/contract';
import type { PyTorchWeights } from '@onda/nets';
import { loadPyTorchWeights, Net, toPyTorchWeights } from '@onda/nets';
import { createSource } from '@onda/series';
import { beforeAll, describe, expect, it } from 'vitest';
import { fit } from './fit.ts';
import { Optimizer } from './optimizer.ts';

/** A file of examples/reference; its README explains the keys. */
interface Reference {
  cell: CellKind;
  layers: number;
  hidden: number;
  num: number;
  steps: number;
  initial: PyTorchWeights;
  final: PyTorchWeights;
  losses: number[];
  predictions: Record<string, number[]>;
}

// PyTorch's own float32 run differs from the same run in float64 by 2e-5 (losses, relative) and 7e-6 (weights).
const LOSS_RTOL = 1e-4;
const VALUE_ATOL = 2e-5;

beforeAll(async () => {
  await openWasmBackend();
});

describe(fit, () => {
  it.each(['rnn', 'lstm', 'gru', 'gru-2-layers'])("repeats PyTorch's training run: %s", async (name) => {
    const file = new URL(`../../../examples/reference/pytorch-sine-${name}.json`, import.meta.url);
    const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference;
    const { cell, layers, hidden, num, steps } = reference;
    const net = Net.create({ cell, layers, units: hidden, features: 1, outputs: 1 }, () => 0);
    loadPyTorchWeights(net, reference.initial);
    const optimizer = new Optimizer({ kind: 'adam', learningRate: 0.01 }, net.variables);
    const source = createSource(
      parseFitConfig({ name: 'sine', data: { kind: 'sine', samples: num } }, 'test'),
    );
    const seen: string[] = [];
    const { losses } = await fit({
      net,
      optimizer,
      source,
      steps,
      carry: true,
      onStep: ({ step, prediction }) => {
        if (!(step in reference.predictions)) return;
        seen.push(String(step));
        expect(worst(prediction(), reference.predictions[step])).toBeLessThan(VALUE_ATOL);
      },
    });
    const relative = reference.losses.map((loss, step) => Math.abs(losses[step] - loss) / loss);
    expect(Math.max(...relative)).toBeLessThan(LOSS_RTOL);
    const final = toPyTorchWeights(net);
    expect(Object.keys(final).sort()).toEqual(Object.keys(reference.final).sort());
    for (const [key, values] of Object.entries(reference.final)) {
      expect(worst(final[key].flat(), values.flat())).toBeLessThan(VALUE_ATOL);
    }
    expect(seen).toEqual(Object.keys(reference.predictions));
  });
});

const worst = (a: ArrayLike<number>, b: readonly number[]): number =>
  Math.max(...b.map((value, index) => Math.abs(a[index] - value)));

import { readFileSync } from 'node:fs';
import type { LayersArtifacts, NetSpec } from '../../src/index.ts';
import { ondaNetArtifacts, weightShapes } from './ondaNetArtifacts.ts';

/** One of PyTorch's runs in examples/reference, whose README explains the keys. */
export interface PytorchReference {
  readonly cell: NetSpec['cell'];
  readonly layers: number;
  readonly hidden: number;
  readonly num: number;
  readonly steps: number;
  readonly final: Readonly<Record<string, number[] | number[][]>>;
  readonly closed_loop_first_input: number;
  readonly closed_loop: readonly number[];
}

export function readReference(name: string): PytorchReference {
  const url = new URL(`../../../../examples/reference/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as PytorchReference;
}

/** The net that PyTorch ended with, as model artifacts. */
export function referenceArtifacts({ cell, layers, hidden, final }: PytorchReference): LayersArtifacts {
  const spec = { cell, layers, units: hidden, features: 1, outputs: 1 };
  const weights = Object.fromEntries(
    weightShapes(spec).map(([name, shape]) => {
      const rows = final[pytorchName(name)];
      return [name, shape.length === 1 ? Float32Array.from(rows as number[]) : turned(rows as number[][])];
    }),
  );
  return ondaNetArtifacts(spec, weights);
}

function pytorchName(name: string): string {
  const [layer, weight] = name.split('/');
  if (layer === 'readout') return weight === 'kernel' ? 'linear.weight' : 'linear.bias';
  const names = {
    kernel: 'weight_ih',
    recurrent_kernel: 'weight_hh',
    bias: 'bias_ih',
    recurrent_bias: 'bias_hh',
  };
  return `rnn.${names[weight as keyof typeof names]}_l${layer.replace('recurrent_', '')}`;
}

/** [outputs, inputs] to [inputs, outputs]. */
function turned(rows: readonly number[][]): Float32Array {
  return Float32Array.from(rows[0].flatMap((_, column) => rows.map((row) => row[column])));
}

import type { NetManifest, Sampling } from '@onda/contract';
import { bytesText, countText, smallText } from '../draw/text.ts';

/** One fact of a model. */
export interface Fact {
  name: string;
  value: string;
  /** The full text that `value` shortens. */
  full?: string;
}

const gates = { rnn: 1, lstm: 4, gru: 3 } as const;

/** Numbers that training fitted: kernels and two bias vectors of each layer, and the read-out. */
export function parameterCount({ cell, units, layers, features, outputs }: NetManifest['net']): number {
  let count = outputs * (units + 1);
  for (let layer = 0; layer < layers; layer++) {
    const width = layer === 0 ? features : units;
    count += gates[cell] * units * (width + units + 2);
  }
  return count;
}

/** The facts of a model, in the order of the page. */
export function modelFacts(manifest: NetManifest): Fact[] {
  const { net, state, lag, training, parity, scaler, sampling } = manifest;
  const facts: Fact[] = [
    { name: 'Net', value: netText(net) },
    { name: 'Parameters', value: countText(parameterCount(net)) },
    { name: 'State', value: `${countText(state.size)} numbers per sequence` },
    { name: 'Lag', value: lag === 1 ? '1 sample' : `${lag} samples` },
    { name: 'Scaling', value: scaler.kind === 'none' ? 'none' : `${scaler.kind}, inside the graph` },
  ];
  if (sampling !== null) facts.push({ name: 'Values', value: drawnText(sampling) });
  for (const [file, { sha256, bytes }] of Object.entries(manifest.files)) {
    facts.push({ name: file, value: `${bytesText(bytes)}, SHA-256 ${sha256.slice(0, 8)}…`, full: sha256 });
  }
  if (training) {
    facts.push({
      name: 'Trained',
      value: `${countText(training.steps)} steps, seed ${training.seed}, loss ${smallText(training.finalLoss)}, by ${training.backend}`,
    });
  }
  if (parity.length > 0) {
    const worst = Math.max(...parity.map((row) => row.maxAbs));
    facts.push({ name: 'Parity', value: `${parity.length} checks, largest difference ${smallText(worst)}` });
  }
  return facts;
}

function drawnText(sampling: Sampling): string {
  if (sampling.kind === 'quantile') return `drawn between ${sampling.levels.length} quantiles`;
  return sampling.kind === 'gaussian' ? 'drawn from normal distributions' : 'classes, drawn';
}

function netText({ cell, units, layers, features, outputs }: NetManifest['net']): string {
  const stack = layers === 1 ? '1 layer' : `${layers} layers`;
  return `${cell.toUpperCase()}, ${stack} of ${units} units, ${features} in, ${outputs} out`;
}

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exportNet } from '@onda/exporter';
import { loadPyTorchWeights, Net } from '@onda/nets';
import type { NetSpec } from '@onda/nets';
import { writeModel } from '@onda/onnx';
import { fromBase64, makeStart, startWeights, toBase64 } from '../training/start.ts';
import type { Start } from '../training/start.ts';
import { z } from 'zod';
import type { GenerationWork } from './work.ts';

/** Samples of the prompt. */
const PROMPT = 20;

/**
 * Writes what every system starts a work from: a start file as for training (weights, and the prompt as its first chunk), and beside
 * it `NAME.model.onnx` and `NAME.generator.onnx`. Needs a TensorFlow.js backend to be open.
 *
 * @returns the path of the start file
 */
export function writeStart(work: GenerationWork, folder: string): string {
  const { name, spec, batch } = work;
  const drawn = makeStart({ name, spec, batch, samples: PROMPT, carry: false });
  const start: Start = { ...drawn, weights: fittedWeights(spec) ?? drawn.weights };
  const net = Net.create(spec, () => 0);
  loadPyTorchWeights(net, startWeights(start));
  const { model, generator } = exportNet(net.toArtifacts(), {
    lag: 1,
    scaler: { kind: 'none', center: [0], scale: [1] },
    producerVersion: 'bench',
  });
  net.dispose();
  if (generator === null) throw new Error('a net of one feature and one output has a generator');
  writeFileSync(path.join(folder, `${name}.model.onnx`), writeModel(model));
  writeFileSync(path.join(folder, `${name}.generator.onnx`), writeModel(generator));
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(start));
  return file;
}

/**
 * The weights that PyTorch fitted to the lagged sine, for a net of that size: its closed loop goes on to move, while one of drawn
 * weights comes to rest, and every way to compute rest agrees. Null for a net of another size.
 */
function fittedWeights({ cell, units, layers }: NetSpec): Start['weights'] | null {
  const file = new URL(`../../../../examples/reference/pytorch-sine-${cell}.json`, import.meta.url);
  const { hidden, final } = referenceSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (layers !== 1 || units !== hidden) return null;
  return Object.entries(final).map(([name, values]) => {
    const rows = values.map((row) => (typeof row === 'number' ? [row] : row));
    const shape = typeof values[0] === 'number' ? [values.length] : [rows.length, rows[0].length];
    return { name, shape, values: toBase64(Float32Array.from(rows.flat())) };
  });
}

/** What is read of a file of examples/reference. */
const referenceSchema = z.object({
  hidden: z.int(),
  /** By PyTorch's names, a vector or rows each. */
  final: z.record(z.string(), z.union([z.array(z.number()), z.array(z.array(z.number()))])),
});

/** The prompt of a start, [batch, samples, 1]. */
export function promptOf(start: Start): Float32Array {
  return fromBase64(start.x).subarray(0, start.work.batch * start.work.samples);
}

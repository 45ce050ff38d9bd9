import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { exportNet } from '@onda/exporter';
import type { NetSpec } from '@onda/nets';
import { loadPyTorchWeights, Net } from '@onda/nets';
import { writeModel } from '@onda/onnx';
import type { NetWorkload, Start } from '../netWorkload.ts';
import { makeStart, startWeights, toBase64 } from '../netWorkload.ts';

/**
 * Writes what every subject starts a workload from: a start file (weights, and the prompt as its first chunk), and beside it
 * `NAME.model.onnx` and `NAME.generator.onnx`. Needs an open TensorFlow.js backend.
 *
 * @returns the path of the start file
 */
export function writeStart(workload: NetWorkload, folder: string): string {
  const drawn = makeStart(workload);
  const start: Start = { ...drawn, weights: fittedWeights(workload.spec) ?? drawn.weights };
  const net = Net.create(workload.spec, () => 0);
  loadPyTorchWeights(net, startWeights(start));
  const { model, generator } = exportNet(net.toArtifacts(), {
    lag: 1,
    scaler: { kind: 'none', center: [0], scale: [1] },
    producerVersion: 'bench',
  });
  net.dispose();
  if (generator === null) throw new Error('expected a generator of a network with one feature and output');
  const file = (ending: string): string => path.join(folder, `${workload.name}.${ending}`);
  writeFileSync(file('model.onnx'), writeModel(model));
  writeFileSync(file('generator.onnx'), writeModel(generator));
  writeFileSync(file('json'), JSON.stringify(start));
  return file('json');
}

/**
 * The weights that PyTorch fitted to the lagged sine, for a network of that size: its closed loop keeps moving, while one with drawn
 * weights reaches a fixed point, where every implementation agrees. Null for another size.
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

/** The part of a file of examples/reference that is read. */
const referenceSchema = z.object({
  hidden: z.int(),
  /** By PyTorch's names: a vector, or rows. */
  final: z.record(z.string(), z.union([z.array(z.number()), z.array(z.array(z.number()))])),
});

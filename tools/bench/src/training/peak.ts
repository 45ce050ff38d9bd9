import type { Row } from '../report/rowFile.ts';
import { spread } from '../statistics.ts';
import type { OpenSystem } from './openSystems.ts';
import type { SystemName } from './systems.ts';
import { workerAnswers } from './workerAnswers.ts';

/** Sides of the square matrices: which of them a library does best differs. */
const SIZES = [512, 1024, 2048];

/** Systems whose libraries compute in native code; two that share TensorFlow measure the same thing. */
const measured: ReadonlySet<SystemName> = new Set(['onda-native', 'pytorch', 'tfjs-node-layers']);

/** What the machine reaches in a large product of float32 matrices. */
export interface Peak {
  rows: Row[];
  /** The greatest figure of any system, in 10^9 floating-point operations a second; null where none was measured. */
  gflops: number | null;
}

/** Measures the product in each system in turn, for some rounds. */
export async function measurePeak(open: readonly OpenSystem[], rounds: number): Promise<Peak> {
  const rows: Row[] = [];
  const able = open.filter(({ name }) => measured.has(name));
  for (const size of SIZES) {
    const figures = new Map<SystemName, number[]>(able.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const { name, worker } of able) {
        const { ms } = await worker.ask({ do: 'product', size }, workerAnswers.product);
        figures.get(name)?.push((2 * size ** 3) / (ms * 1e6));
      }
    }
    for (const [system, values] of figures)
      rows.push({ work: `product-${size}`, system, unit: 'GFLOP/s', ...spread(values) });
  }
  return { rows, gflops: rows.length > 0 ? Math.max(...rows.map(({ max }) => max)) : null };
}

import type { Row } from '../report/rowFile.ts';
import { spread } from '../statistics.ts';
import type { OpenSystem } from './openSystems.ts';
import type { SystemName } from './systems.ts';
import { workerAnswers } from './workerAnswers.ts';

/** Side of the square matrices: large enough that the product reaches what the machine can do. */
const SIZE = 2048;

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
  const figures = new Map<SystemName, number[]>();
  const able = open.filter(({ name }) => measured.has(name));
  for (let round = 0; round < rounds; round++) {
    for (const { name, worker } of able) {
      const { ms } = await worker.ask({ do: 'product', size: SIZE }, workerAnswers.product);
      const values = figures.get(name) ?? [];
      values.push((2 * SIZE ** 3) / (ms * 1e6));
      figures.set(name, values);
    }
  }
  const rows = [...figures].map(([system, values]) => ({
    work: `product-${SIZE}`,
    system,
    unit: 'GFLOP/s',
    ...spread(values),
  }));
  return { rows, gflops: rows.length > 0 ? Math.max(...rows.map(({ max }) => max)) : null };
}

import type { FitConfig } from '@onda/contract';
import { parseFitConfig } from '@onda/contract';
import type { NetSpec } from '@onda/nets';
import { Net } from '@onda/nets';
import type { DataSource } from '@onda/series';
import { createRandom, createSource } from '@onda/series';
import { Optimizer } from '../optimizer.ts';

/** What a test of the loop needs: a net of two layers, Adam, and data. */
export interface SmallFit {
  net: Net;
  optimizer: Optimizer;
  source: DataSource;
  dispose(): void;
}

export function smallFit(
  data: object = { kind: 'sine', samples: 6 },
  cell: NetSpec['cell'] = 'lstm',
): SmallFit {
  const config: FitConfig = parseFitConfig({ name: 'small', data }, 'test');
  const source = createSource(config);
  const { features, outputs } = source;
  const random = createRandom(1);
  const net = Net.create({ cell, units: 4, layers: 2, features, outputs }, (low, high) =>
    random.uniform(low, high),
  );
  const optimizer = new Optimizer({ kind: 'adam', learningRate: 0.01 }, net.variables);
  return {
    net,
    optimizer,
    source,
    dispose() {
      net.dispose();
      optimizer.dispose();
    },
  };
}

import type { Row } from '../report/rowFile.ts';
import type { Contestant, RoundTimes } from '../rounds.ts';
import { spread } from '../statistics.ts';
import type { OpenSystem } from '../worker/openSystems.ts';
import type { SystemName } from './systems.ts';
import { workerAnswers } from './workerAnswers.ts';

/** Side of the square matrices: large enough to reach what the machine can do, small enough to stay in its caches. */
const SIZE = 1024;

/** Of one product: a multiplication and an addition each. */
const OPERATIONS = 2 * SIZE ** 3;

/** Whose product to take for a library: the first that runs. The portable backend has none that would count. */
const libraries: readonly (readonly SystemName[])[] = [
  ['onda-native', 'tfjs-node-layers'],
  ['pytorch', 'pytorch-fused'],
];

/** What the machine reaches in a large product of float32 matrices, by system and round, in 10^9 operations a second. */
export type ProductFigures = Map<SystemName, number[]>;

/** Large products as contestants of every round: what the machine can do changes from minute to minute, on shared ones above all. */
export function productContestants(open: readonly OpenSystem<SystemName>[]): Contestant[] {
  return libraries.flatMap((names) => {
    const system = names.map((name) => open.find((one) => one.name === name)).find(Boolean);
    if (system === undefined) return [];
    const { worker } = system;
    return [
      {
        name: productOf(system.name),
        run: async (steps: number) =>
          (await worker.ask({ do: 'product', size: SIZE, steps }, workerAnswers.product)).ms,
      },
    ];
  });
}

/** Takes the products out of the times of a work. */
export function splitProducts(all: RoundTimes): { times: RoundTimes; products: ProductFigures } {
  const times: RoundTimes = new Map();
  const products: ProductFigures = new Map();
  for (const [name, values] of all) {
    const system = libraries.flat().find((one) => productOf(one) === name);
    if (system === undefined) times.set(name, values);
    else
      products.set(
        system,
        values.map((ms) => OPERATIONS / (1e6 * ms)),
      );
  }
  return { times, products };
}

/** The best product of any library in each round. */
export function peaks(products: ProductFigures): number[] {
  const [first = [], ...others] = products.values();
  return first.map((value, round) => Math.max(value, ...others.map((values) => values[round])));
}

/** A row for each library, over the rounds of all works. */
export function productRows(all: readonly ProductFigures[]): Row[] {
  const names = new Set(all.flatMap((products) => [...products.keys()]));
  return [...names].map((system) => ({
    work: `product-${SIZE}`,
    system,
    unit: 'GFLOP/s',
    ...spread(all.flatMap((products) => products.get(system) ?? [])),
  }));
}

function productOf(system: SystemName): string {
  return `product of ${system}`;
}

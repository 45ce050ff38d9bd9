import type { Node } from '@onda/onnx';
import type { KnownGraph } from './knownGraph.ts';
import type { Relaid } from './layoutRules.ts';
import { reduced } from './layoutRules.ts';
import { inverse, isTranspose, permOf, undoes } from './permutation.ts';

/** Nodes that can be laid out anew together. */
export interface Region {
  readonly perm: readonly number[];
  /** Transposes by `perm` that it takes from. */
  readonly before: ReadonlySet<Node>;
  readonly inside: ReadonlyMap<Node, Relaid>;
  /** Values that it takes in the order of the transposed ones. */
  readonly foreign: ReadonlySet<string>;
}

/** All that is connected to a Transpose by nodes that can run in the order before it. */
export function growRegion(known: KnownGraph, start: Node): Region {
  const perm = permOf(start);
  const before = new Set([start]);
  const inside = new Map<Node, Relaid>();
  const foreign = new Set<string>();
  const open = [...known.takersOf(start.outputs[0])];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const moved = inside.has(node) ? null : known.relaid(node, perm);
    if (moved === null) continue;
    inside.set(node, moved);
    open.push(...known.takersOf(node.outputs[0]));
    for (const name of node.inputs) {
      const maker = known.makers.get(name);
      if (name === '' || known.constants.has(name)) continue;
      if (maker !== undefined && isTranspose(maker) && String(permOf(maker)) === String(perm)) {
        before.add(maker);
        open.push(...known.takersOf(name));
      } else if (maker !== undefined && known.relaid(maker, perm) !== null) open.push(maker);
      else foreign.add(name);
    }
  }
  return { perm, before, inside, foreign };
}

/** How many Transposes fewer there are with the region laid out anew. */
export function saved(known: KnownGraph, region: Region): number {
  const { perm, before, inside, foreign } = region;
  // A value that is transposed twice over has no one order before.
  if ([...before].some(({ inputs }) => inside.has(known.makers.get(inputs[0]) as Node))) return 0;
  let count = 0;
  for (const { outputs } of before) {
    const [name] = outputs;
    if (!known.outputs.has(name) && known.takersOf(name).every((node) => inside.has(node))) count++;
  }
  for (const name of foreign) if (twinOf(known, name, inverse(perm)) === undefined) count--;
  for (const node of inside.keys()) {
    for (const taker of known.takersOf(node.outputs[0])) if (undoes(taker, perm)) count++;
    if (isTakenAsItWas(known, region, node.outputs[0])) count--;
  }
  return count;
}

/** Whether others take a value of the region in the order that it has now. */
export function isTakenAsItWas(known: KnownGraph, { perm, inside }: Region, name: string): boolean {
  if (known.outputs.has(name)) return true;
  return known
    .takersOf(name)
    .some((node) => !inside.has(node) && !isTranspose(node) && known.relaid(node, perm, reduced) === null);
}

/** A value in another order, where the graph has it. */
export function twinOf(known: KnownGraph, name: string, perm: readonly number[]): string | undefined {
  return known.takersOf(name).find((node) => isTranspose(node) && String(permOf(node)) === String(perm))
    ?.outputs[0];
}

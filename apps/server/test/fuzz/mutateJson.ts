import type { Random } from '@onda/series';

/** Numbers at the edges of what code takes for granted: signs, 32 and 53 bits, products that overflow. */
const numbers = [
  ...[-1, 0, 0.5, 1, 1.5, 2, 255, 256, 1023, 1024, 1025, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32],
  ...[2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e39, 1e308, -1e308, 5e-324],
] as const;

const shapes = [
  ...[[], [0], [0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 1], [1, 1, 1, 1], [-1, -1, 1], [1, -1, 1]],
  ...[
    [65_536, 65_536, 65_536, 65_536],
    [2 ** 31, 2 ** 31, 2 ** 31],
    [2 ** 53, 1, 1],
    [1, 2 ** 40, 1],
  ],
  ...[
    [1.5, 1, 1],
    ['1', 1, 1],
    [null, 1, 1],
    [1e308, 1e308, 1],
    [1024, 1024, 1],
    [1025, 1, 1],
  ],
] as const;

const words = [
  '',
  'x',
  'y',
  'state_in',
  '__proto__',
  'constructor',
  'toString',
  'FP32',
  'BYTES',
  '../..',
  '\0',
  '🌊',
];

const datatypes = ['FP16', 'FP64', 'INT8', 'INT64', 'UINT64', 'BOOL', 'BYTES', 'fp32', ''];

/** A value where another was: of an odd kind, size or depth. */
export function oddValue(random: Random): unknown {
  const kinds: readonly (() => unknown)[] = [
    () => pick(random, numbers),
    () => pick(random, words),
    () => pick(random, shapes),
    () => pick(random, datatypes),
    () => pick(random, [null, true, false, {}, [], [[]], [[[[]]]], { a: 1 }]),
    () => nested(random.int(40)),
    () => 'a'.repeat(random.int(5000)),
    () => Array.from({ length: random.int(300) }, () => pick(random, numbers)),
  ];
  // A copy: what is put into a document may be changed there.
  return structuredClone(pick(random, kinds)());
}

/** A copy of a document with one to three places changed: a value replaced, removed, added, or moved. */
export function mutateDocument(document: unknown, random: Random): unknown {
  let copy = structuredClone(document);
  for (let left = 1 + random.int(3); left > 0; left--) copy = mutateOnce(copy, random);
  return copy;
}

type Holder = Record<string, unknown>;

function mutateOnce(document: unknown, random: Random): unknown {
  const holders = holdersOf(document);
  if (holders.length === 0 || random.int(50) === 0) return oddValue(random);
  const holder = pick(random, holders);
  const keys = Object.keys(holder);
  const key = keys.length === 0 ? 'x' : pick(random, keys);
  const act = random.int(4);
  if (act === 0) Reflect.deleteProperty(holder, key);
  else if (act === 1) holder[pick(random, ['parameters', 'data', 'extra', '0', 'id'])] = oddValue(random);
  else if (act === 2 && key === 'shape') holder[key] = pick(random, shapes);
  else holder[key] = oddValue(random);
  return document;
}

function holdersOf(value: unknown): Holder[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Holder, ...Object.values(value).flatMap(holdersOf)];
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[random.int(values.length)];
}

import type { WireField } from './fieldTree.ts';
import { fileOf, parseFields } from './fieldTree.ts';

/** Draws an integer from 0 to below a bound. */
export type Draws = (below: number) => number;

/** Draws from a seed. */
export function drawsOf(seed: number): Draws {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Limits of integer types, with both signs. */
const numbers = [0, 1, 2, 7, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 62]
  .map(BigInt)
  .flatMap((value) => [value, -value]);

const texts = [
  '',
  '__proto__',
  '\u001b[2J',
  'x\ny',
  '../model',
  'a'.repeat(5000),
  '\ud800',
  'RNN',
  'Loop',
  'W',
];

interface Place {
  readonly list: WireField[];
  readonly index: number;
}

/**
 * A damaged copy of a model file: fields removed, duplicated, moved, renumbered or retyped, wrong lengths, extreme numbers, nested
 * graphs, unusual strings; sometimes random bytes or a truncated file.
 */
export function mutateFile(file: Uint8Array, draw: Draws): Uint8Array {
  if (draw(4) === 0) return changeBytes(file, draw);
  const fields = parseFields(file);
  for (let change = draw(3); change >= 0; change--) {
    const places = placesIn(fields);
    if (places.length === 0) break;
    changes[draw(changes.length)](places[draw(places.length)], places, draw);
  }
  const bytes = fileOf(fields);
  return draw(10) === 0 ? changeBytes(bytes, draw) : bytes;
}

function changeBytes(file: Uint8Array, draw: Draws): Uint8Array {
  const bytes = file.slice(0, draw(8) === 0 ? draw(file.length) : file.length);
  for (let change = draw(6); change >= 0 && bytes.length > 0; change--) bytes[draw(bytes.length)] = draw(256);
  return bytes;
}

function placesIn(list: WireField[]): Place[] {
  return list.flatMap((field, index) => [
    { list, index },
    ...(Array.isArray(field.content) ? placesIn(field.content) : []),
  ]);
}

type Change = (place: Place, places: readonly Place[], draw: Draws) => void;

const changes: readonly Change[] = [
  ({ list, index }) => list.splice(index, 1),
  ({ list, index }, _places, draw) => list.splice(index, 0, ...times(list[index], 1 + draw(3))),
  ({ list, index }, _places, draw) => {
    if (draw(20) === 0) list.splice(index, 0, ...times(list[index], 2000));
  },
  // Into another message, which may be nested in this one; then unchanged.
  ({ list, index }, places, draw) => {
    const other = places[draw(places.length)];
    other.list.splice(other.index, 0, copyOf(list[index]));
  },
  ({ list, index }, places, draw) => {
    const other = places[draw(places.length)];
    const [one, two] = [copyOf(list[index]), copyOf(other.list[other.index])];
    list[index] = two;
    other.list[other.index] = one;
  },
  ({ list, index }, _places, draw) => {
    list[index].number = draw(10) === 0 ? draw(2 ** 29) : draw(26);
  },
  ({ list, index }, _places, draw) => {
    list[index].wireType = draw(8);
  },
  ({ list, index }, _places, draw) => {
    list[index].length = numbers[draw(numbers.length)];
  },
  ({ list, index }, _places, draw) => {
    list[index].idle = 1 + draw(10);
  },
  setNumber,
  setNumber,
  setText,
  setText,
  // Nests the message in itself repeatedly; ten levels are within the limits.
  ({ list, index }, _places, draw) => {
    const outer = copyOf(list[index]);
    for (let depth = draw(draw(4) === 0 ? 80 : 10); depth > 0; depth--) {
      const inner = list[index];
      list[index] = copyOf(outer);
      if (!Array.isArray(list[index].content)) return;
      list[index].content = [inner];
    }
  },
];

function setNumber(_place: Place, places: readonly Place[], draw: Draws): void {
  const whole = places.filter(({ list, index }) => typeof list[index].content === 'bigint');
  if (whole.length === 0) return;
  const { list, index } = whole[draw(whole.length)];
  list[index].content = draw(3) === 0 ? BigInt(draw(30)) : numbers[draw(numbers.length)];
}

function setText(_place: Place, places: readonly Place[], draw: Draws): void {
  const named = places.filter(({ list, index }) => list[index].content instanceof Uint8Array);
  if (named.length === 0) return;
  const { list, index } = named[draw(named.length)];
  const other = named[draw(named.length)];
  list[index].content =
    draw(2) === 0 ? new TextEncoder().encode(texts[draw(texts.length)]) : other.list[other.index].content;
}

function times(field: WireField, count: number): WireField[] {
  return Array.from({ length: count }, () => copyOf(field));
}

/** A deep copy, except for bytes, which are never written to. */
function copyOf(field: WireField): WireField {
  return { ...field, content: Array.isArray(field.content) ? field.content.map(copyOf) : field.content };
}

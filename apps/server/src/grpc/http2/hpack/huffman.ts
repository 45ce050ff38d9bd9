import { END_OF_STRING, huffmanCodes } from './huffmanCode.ts';

/** Two entries a node: what follows on bit 0 and on bit 1. From 0 on another node; below 0 the symbol, as -1 - symbol. */
const tree = makeTree();

function makeTree(): Int16Array {
  const nodes = [0, 0];
  for (const { symbol, code, bits } of huffmanCodes()) {
    let at = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const slot = at + ((code >>> bit) & 1);
      if (nodes[slot] === 0) {
        nodes[slot] = nodes.length;
        nodes.push(0, 0);
      }
      at = nodes[slot];
    }
    nodes[at + (code & 1)] = -1 - symbol;
  }
  return Int16Array.from(nodes);
}

/**
 * Decodes a string of HPACK.
 *
 * @returns a character a byte; undefined for bytes that are no such string: the end marker within, or an end that is not less than
 *   a byte of ones
 */
export function maybeHuffmanText(bytes: Uint8Array): string | undefined {
  let text = '';
  let at = 0;
  let begun = 0;
  let ones = true;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const one = (byte >>> bit) & 1;
      const next = tree[at + one];
      if (next >= 0) {
        at = next;
        begun++;
        ones &&= one === 1;
      } else {
        if (next === -1 - END_OF_STRING) return undefined;
        text += String.fromCharCode(-1 - next);
        at = 0;
        begun = 0;
        ones = true;
      }
    }
  }
  return begun < 8 && ones ? text : undefined;
}

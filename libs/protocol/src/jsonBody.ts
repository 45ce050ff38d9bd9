import { ProtocolError } from './protocolError.ts';

/** Tensors need 5 levels (document, inputs, input, data, three dims more when nested); deeper documents are attacks or mistakes. */
export const MAX_JSON_DEPTH = 12;

/** Objects and names of a document. A request of 1,024 inputs has about 7,000; building an object of many names takes microseconds each. */
export const MAX_JSON_NAMES = 10_000;

/** Arrays of a document, as nested data has one for each row; parsing takes 0.2 microseconds each. */
export const MAX_JSON_ARRAYS = 400_000;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a request body.
 *
 * @throws ProtocolError unless it is UTF-8, JSON, an object, nested no deeper than `MAX_JSON_DEPTH`, and of at most `MAX_JSON_NAMES` names and `MAX_JSON_ARRAYS` arrays
 */
export function parseJsonBody(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.byteLength === 0) {
    throw new ProtocolError('malformed', 'the body is empty; send a JSON object');
  }
  checkStructure(bytes);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new ProtocolError('malformed', 'the body is not JSON in UTF-8; send a JSON object', { cause });
  }
  if (!isObject(value)) {
    throw new ProtocolError(
      'malformed',
      `the body: expected a JSON object, got ${describeValue(value)}; put the request into { }`,
    );
  }
  return value;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for error messages, at most 40 characters. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isObject(value)) return 'an object';
  if (value === undefined) return 'nothing';
  // JSON.parse makes an infinity of 1e999, which JSON.stringify would call null.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** A shape for error messages. */
export function describeShape(shape: readonly unknown[]): string {
  return shape.length > 8 ? `${shape.length} dims` : `[${shape.map(describeValue).join(', ')}]`;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
const COLON = 0x3a;

/** Runs before the parser, which would build the whole deep or wide document. */
function checkStructure(bytes: Uint8Array): void {
  // Usual case: too few brackets to be too deep, and too few names. `indexOf` is many times faster than a loop.
  const braces = countUpTo(MAX_JSON_DEPTH, BRACE, bytes);
  if (
    braces + countUpTo(MAX_JSON_DEPTH, BRACKET, bytes) <= MAX_JSON_DEPTH &&
    // A short body has no room for too many.
    (bytes.length <= MAX_JSON_NAMES || braces + countUpTo(MAX_JSON_NAMES, COLON, bytes) <= MAX_JSON_NAMES)
  )
    return;
  let depth = 0;
  let names = 0;
  let arrays = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
      continue;
    }
    if (byte === QUOTE) inString = true;
    else if (byte === BRACKET || byte === BRACE) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > MAX_JSON_DEPTH) throw tooMuch(`${MAX_JSON_DEPTH} levels`, 'send the data flat');
    if ((byte === COLON || byte === BRACE) && ++names > MAX_JSON_NAMES)
      throw tooMuch(`${MAX_JSON_NAMES} objects and names`, 'send values as arrays');
    if (byte === BRACKET && ++arrays > MAX_JSON_ARRAYS)
      throw tooMuch(`${MAX_JSON_ARRAYS} arrays`, 'send the data flat');
  }
}

function tooMuch(limit: string, remedy: string): ProtocolError {
  return new ProtocolError('malformed', `the body: expected JSON of at most ${limit}, got more; ${remedy}`);
}

/** How often a byte occurs, counted up to `most` + 1. */
function countUpTo(most: number, byte: number, bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0 && count <= most; at = bytes.indexOf(byte, at + 1)) count++;
  return count;
}

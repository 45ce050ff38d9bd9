import { ErrorCode } from './errorCodes.ts';
import type { HeaderList } from './hpack/headerDecoder.ts';
import { StreamError } from './http2Errors.ts';

/** What stands before a request's body. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** By lower-case name; what came several times is joined with commas. */
  readonly fields: ReadonlyMap<string, string>;
  /** Bytes of the body, where the client says so. */
  readonly length: number | undefined;
  /** Fields are missing, since there were more than a list may have. */
  readonly tooLarge: boolean;
}

const pseudoNames: readonly string[] = [':method', ':scheme', ':authority', ':path'];

const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Visible characters, with blanks within. */
const fieldValue = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;

/** Of a method and a path, which go into logs and answers. */
const visible = /^[!-~]*$/;

/** They are of HTTP/1.1's connections: whoever sends them here means to be read in two ways. */
const connectionFields = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Reads the head of a request as strictly as RFC 9113 has it.
 *
 * @throws StreamError for one that is malformed
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.2
 */
export function readRequestHead({ fields: list, tooLarge }: HeaderList): RequestHead {
  const pseudo = new Map<string, string>();
  const fields = new Map<string, string>();
  for (const [name, value] of list) {
    if (name.startsWith(':')) {
      if (fields.size > 0 || pseudo.has(name) || !pseudoNames.includes(name)) throw malformed(name);
      pseudo.set(name, value);
      continue;
    }
    checkField(name, value);
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before},${value}`);
  }
  const method = pseudo.get(':method') ?? '';
  const path = pseudo.get(':path') ?? '';
  if (!visible.test(method + path)) throw malformed(':path');
  // What was left out of a list that is too large may be what is missing.
  if (!tooLarge && (method === '' || path === '' || !pseudo.get(':scheme'))) throw malformed(':path');
  return { method, path, fields, length: readLength(fields.get('content-length')), tooLarge };
}

/** @throws StreamError for fields that may not stand behind a body */
export function checkTrailers({ fields }: HeaderList): void {
  for (const [name, value] of fields) checkField(name, value);
}

function checkField(name: string, value: string): void {
  const isTe = name === 'te' && value !== 'trailers';
  if (!fieldName.test(name) || !fieldValue.test(value) || connectionFields.has(name) || isTe) {
    throw malformed(name);
  }
}

function readLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(value)) throw malformed('content-length');
  return Number(value);
}

function malformed(name: string): StreamError {
  return new StreamError(
    ErrorCode.PROTOCOL_ERROR,
    `the field ${name.slice(0, 64)} is malformed, or out of place`,
  );
}

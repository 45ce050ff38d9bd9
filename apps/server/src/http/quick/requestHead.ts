import { maybeInferPath } from './inferPath.ts';
import type { InferPath } from './inferPath.ts';

/** What stands before the body of an infer request. */
export interface RequestHead {
  path: InferPath;
  /** By lower-case name. */
  headers: Readonly<Partial<Record<string, string>>>;
  /** Bytes of the body. */
  length: number;
}

const requestLine = /^POST ([!-~]+) HTTP\/1\.1$/;
/** RFC 9110: a token, a colon, and visible ASCII with blanks within. No folded lines, no blank before the colon. */
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~](?:[ \t!-~]*[!-~])?)?[ \t]*$/;

const MOST_HEADERS = 64;

/** They change how the rest is read, or what may answer: Node's parser and the router know what to do. */
const others = new Set([
  'transfer-encoding',
  'trailer',
  'te',
  'expect',
  'upgrade',
  'content-encoding',
  'origin',
  'proxy-connection',
]);

/**
 * Reads the head of an infer request, far more strictly than HTTP has it: what two programs could read in two ways is not read
 * at all, so that nothing can be smuggled past a proxy.
 *
 * @param text the head without the empty line, a byte a character
 * @returns undefined for anything out of the ordinary
 */
export function maybeRequestHead(text: string): RequestHead | undefined {
  const lines = text.split('\r\n');
  const url = requestLine.exec(lines[0])?.[1];
  const path = url === undefined ? undefined : maybeInferPath(url);
  if (path === undefined || lines.length > MOST_HEADERS) return undefined;
  const headers = Object.create(null) as Partial<Record<string, string>>;
  for (let index = 1; index < lines.length; index++) {
    const match = headerLine.exec(lines[index]);
    if (match === null) return undefined;
    const name = match[1].toLowerCase();
    if (name in headers || others.has(name)) return undefined;
    headers[name] = match.at(2) ?? '';
  }
  const { host, connection = 'keep-alive', 'content-length': length } = headers;
  if (host === undefined || connection.toLowerCase() !== 'keep-alive') return undefined;
  if (length === undefined || !/^[0-9]{1,9}$/.test(length)) return undefined;
  return { path, headers, length: Number(length) };
}

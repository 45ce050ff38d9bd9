import { STATUS_CODES } from 'node:http';
import { timeouts } from '../../limits.ts';
import { answerHeaders } from '../../securityHeaders.ts';
import type { HttpAnswer } from '../httpAnswer.ts';

/** An answer as it goes over the wire: one text, so that it is one write. */
export interface AnswerText {
  text: string;
  /** latin1 is text that keeps every byte. */
  encoding: 'utf8' | 'latin1';
}

const fixed = Object.entries(answerHeaders)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const keep = `Connection: keep-alive\r\nKeep-Alive: timeout=${timeouts.keepAliveMs / 1000}\r\n\r\n`;
const close = 'Connection: close\r\n\r\n';

/** @param last whether the connection ends with it */
export function answerText({ status, headers, body }: HttpAnswer, last: boolean): AnswerText {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fixed}`;
  for (const name in headers) text += `${name}: ${headers[name]}\r\n`;
  const isText = typeof body === 'string';
  const length = isText ? Buffer.byteLength(body) : body.byteLength;
  text += `content-length: ${length}\r\nDate: ${date()}\r\n${last ? close : keep}`;
  if (!isText) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, length).toString('latin1');
    return { text: text + bytes, encoding: 'latin1' };
  }
  // As many bytes as characters: it is ASCII, which is latin1 too and goes out without being looked at.
  return { text: text + body, encoding: length === body.length ? 'latin1' : 'utf8' };
}

let second = 0;
let dateText = '';

/** HTTP tells whole seconds: the text is made once in each. */
function date(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    dateText = new Date(now * 1000).toUTCString();
  }
  return dateText;
}

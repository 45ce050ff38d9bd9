import { describe, expect, it } from 'vitest';
import { maybeRequestHead } from './requestHead.ts';

const line = 'POST /v2/models/lagged-sine/infer HTTP/1.1';
const head = (...lines: string[]): string => lines.join('\r\n');

describe(maybeRequestHead, () => {
  it('reads the head that clients send', () => {
    expect(
      maybeRequestHead(
        head(line, 'Host: a:8000', 'content-type:application/json', 'X-Empty:', 'Content-Length: 12 '),
      ),
    ).toEqual({
      path: { name: 'lagged-sine', version: undefined },
      headers: { host: 'a:8000', 'content-type': 'application/json', 'x-empty': '', 'content-length': '12' },
      length: 12,
    });
    const versioned = line.replace('/infer', '/versions/3/infer');
    expect(maybeRequestHead(head(versioned, 'Host: a', 'Content-Length: 0'))?.path.version).toBe('3');
  });

  it.each<[name: string, text: string]>([
    ['another method', head(line.replace('POST', 'PUT'), 'Host: a', 'Content-Length: 1')],
    ['HTTP/1.0', head(line.replace('1.1', '1.0'), 'Host: a', 'Content-Length: 1')],
    ['a query', head(line.replace('infer ', 'infer?a=b '), 'Host: a', 'Content-Length: 1')],
    ['percent-encoding', head(line.replace('-', '%2d'), 'Host: a', 'Content-Length: 1')],
    ['two blanks', head(line.replace(' HTTP', '  HTTP'), 'Host: a', 'Content-Length: 1')],
    ['no host', head(line, 'Content-Length: 1')],
    ['no length', head(line, 'Host: a')],
    ['two lengths', head(line, 'Host: a', 'Content-Length: 1', 'content-length: 1')],
    ['a list of lengths', head(line, 'Host: a', 'Content-Length: 1, 1')],
    ['a length with a sign', head(line, 'Host: a', 'Content-Length: +1')],
    ['chunks', head(line, 'Host: a', 'Content-Length: 1', 'Transfer-Encoding: chunked')],
    ['a blank before the colon', head(line, 'Host: a', 'Content-Length : 1')],
    ['a folded line', head(line, 'Host: a', 'Content-Length: 1', ' 2')],
    ['a bare line feed', head(line, 'Host: a\nContent-Length: 1')],
    ['a bare carriage return', head(line, 'Host: a\r', 'Content-Length: 1')],
    ['a zero byte', head(line, 'Host: a\0', 'Content-Length: 1')],
    ['bytes that are no ASCII', head(line, 'Host: a\xe9', 'Content-Length: 1')],
    ['a connection to be closed', head(line, 'Host: a', 'Connection: close', 'Content-Length: 1')],
    ['an upgrade', head(line, 'Host: a', 'Upgrade: h2c', 'Content-Length: 1')],
    ['a compressed body', head(line, 'Host: a', 'Content-Encoding: gzip', 'Content-Length: 1')],
    ['a wait for 100', head(line, 'Host: a', 'Expect: 100-continue', 'Content-Length: 1')],
    ['a page of another origin', head(line, 'Host: a', 'Origin: http://b', 'Content-Length: 1')],
    [
      'headers without end',
      head(line, 'Host: a', 'Content-Length: 1', ...Array.from({ length: 64 }, (_, n) => `a${n}: b`)),
    ],
  ])('leaves %s to the HTTP server', (_name, text) => {
    expect(maybeRequestHead(text)).toBeUndefined();
  });
});

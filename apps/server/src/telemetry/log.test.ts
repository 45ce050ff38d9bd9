import { describe, expect, it } from 'vitest';
import type { LogOptions } from './log.ts';
import { createLog } from './log.ts';

function lines(options: LogOptions): string[] {
  const written: string[] = [];
  const log = createLog(options, (text) => written.push(text));
  log.debug({ path: '/v2', status: 200 }, 'http request');
  log.info({ url: 'http://a' }, 'Onda serves');
  log.warn('model "m" did not load');
  return written;
}

describe(createLog, () => {
  it('writes what a person reads', () => {
    expect(lines({ format: 'text', level: 'info' })).toEqual(['Onda serves\n', 'model "m" did not load\n']);
    expect(lines({ format: 'text', level: 'debug' })[0]).toMatch(
      /^[0-9T:.-]+Z http request path=\/v2 status=200\n$/,
    );
  });

  it('escapes client texts that would start a new line or control the terminal', () => {
    const written: string[] = [];
    const log = createLog({ format: 'text', level: 'debug' }, (text) => written.push(text));
    log.debug({ path: '/a\nOnda stops\u001b[2J\u009bä', client: 'a' }, 'grpc call');
    expect(written).toEqual([
      expect.stringMatching(/^[0-9T:.-]+Z grpc call path="\/a\\nOnda stops\\u001b\[2J\?\?" client=a\n$/),
    ]);
  });

  it('writes an object a line', () => {
    const [info, warn] = lines({ format: 'json', level: 'info' }).map((line) => JSON.parse(line) as object);
    expect(info).toMatchObject({ level: 'info', url: 'http://a', message: 'Onda serves' });
    expect(Object.keys(warn)).toEqual(['level', 'time', 'message']);
  });

  it('is silent at level silent', () => {
    expect(lines({ format: 'json', level: 'silent' })).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { Origins } from './origins.ts';

const host = '127.0.0.1:8000';

describe(Origins, () => {
  const origins = new Origins(['https://example.org']);

  it('lets programs and the own page call without a word', () => {
    expect(origins.headersFor({ host })).toEqual({});
    expect(origins.headersFor({ host, origin: `http://${host}` })).toEqual({});
  });

  it('tells browsers that pages on the list may read answers', () => {
    expect(origins.headersFor({ host, origin: 'https://example.org' })).toMatchObject({
      'access-control-allow-origin': 'https://example.org',
      vary: 'origin',
    });
  });

  it.each(['https://example.com', 'null', 'http://example.org', 'https://example.org.evil.com', ''])(
    'refuses pages of %j',
    (origin) => {
      expect(() => origins.headersFor({ host, origin })).toThrow(
        `pages of ${JSON.stringify(origin)} may not call this service; who runs it can allow them with --cors-origins`,
      );
    },
  );

  it('answers a preflight of the list alone', () => {
    const asks = { host, 'access-control-request-method': 'POST' };
    const allowed = origins.preflightHeaders('OPTIONS', { ...asks, origin: 'https://example.org' });
    expect(allowed).toMatchObject({ 'access-control-allow-methods': 'GET, POST, PUT' });
    expect(origins.preflightHeaders('OPTIONS', { ...asks, origin: 'https://a.b' })).toBeUndefined();
    expect(origins.preflightHeaders('POST', { ...asks, origin: 'https://example.org' })).toBeUndefined();
  });
});

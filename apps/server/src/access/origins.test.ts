import { describe, expect, it } from 'vitest';
import { AllowedHosts, AllowedOrigins } from './origins.ts';

const host = '127.0.0.1:8000';

describe(AllowedOrigins, () => {
  const origins = new AllowedOrigins(['https://example.org']);

  it('allows programs, the own page and pages on the list', () => {
    for (const origin of [undefined, `http://${host}`, 'https://example.org']) {
      expect(() => {
        origins.check({ host, origin });
      }).not.toThrow();
    }
  });

  it.each(['https://example.com', 'null', 'http://example.org', 'https://example.org.evil.com', ''])(
    'rejects pages of %j',
    (origin) => {
      expect(() => {
        origins.check({ host, origin });
      }).toThrow(
        `Origin: expected the service's own or one of --cors-origins, got ${JSON.stringify(origin)}; the operator can allow it with --cors-origins`,
      );
    },
  );
});

const own = ['127.0.0.1', ['https://onda.example.org']] as const;

describe(AllowedHosts, () => {
  it.each([
    undefined,
    '127.0.0.1:8000',
    '[::1]:8000',
    '192.0.2.7',
    'localhost',
    'LOCALHOST:8000',
    'onda.localhost:8000',
    'onda.example.org',
    'onda.example.org:443',
  ])('on loopback: allows %j', (host) => {
    expect(new AllowedHosts(...own).allows(host)).toBe(true);
  });

  it.each(['rebound.example:8000', 'localhost.example', '127.0.0.1.example', '[::1', 'example.org', ''])(
    'on loopback: rejects %j',
    (host) => {
      const hosts = new AllowedHosts(...own);
      expect(hosts.allows(host)).toBe(false);
      expect(() => {
        hosts.check(host);
      }).toThrow(
        `Host: expected an IP address or localhost, got ${JSON.stringify(host)}; the operator can allow a proxy's name with --cors-origins, or use --tokens`,
      );
    },
  );

  it('allows every name on a public address, or with authentication', () => {
    expect(new AllowedHosts('0.0.0.0').allows('onda.svc')).toBe(true);
    expect(new AllowedHosts(...own, true).allows('onda.svc')).toBe(true);
  });
});

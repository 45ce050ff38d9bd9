import { describe, expect, it } from 'vitest';
import { Hosts } from './hosts.ts';

const own = { listensOn: '127.0.0.1', origins: ['https://onda.example.org'], asked: false };

describe(Hosts, () => {
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
  ])('of this machine alone: answers to %j', (host) => {
    expect(new Hosts(own).knows(host)).toBe(true);
  });

  it.each(['rebound.example:8000', 'localhost.example', '127.0.0.1.example', '[::1', 'example.org', ''])(
    'of this machine alone: refuses %j',
    (host) => {
      const hosts = new Hosts(own);
      expect(hosts.knows(host)).toBe(false);
      expect(() => {
        hosts.check(host);
      }).toThrow(
        `Host: expected an address or localhost, since this service is for its own machine, got ${JSON.stringify(host)}; who runs it can allow a proxy's name with --cors-origins, or ask for tokens`,
      );
    },
  );

  it('answers to every name where others may come, or have to show tokens', () => {
    expect(new Hosts({ ...own, listensOn: '0.0.0.0' }).knows('onda.svc')).toBe(true);
    expect(new Hosts({ ...own, asked: true }).knows('onda.svc')).toBe(true);
  });
});

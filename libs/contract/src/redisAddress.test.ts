import { describe, expect, it } from 'vitest';
import { readRedisAddress } from './redisAddress.ts';

const read = (text: string): ReturnType<typeof readRedisAddress> => readRedisAddress(text, 'sequence store');

describe(readRedisAddress, () => {
  it('reads host, port, database, user, password and TLS', () => {
    expect(read('redis://cache')).toEqual({
      seeds: [{ host: 'cache', port: 6379 }],
      connection: { host: 'cache', port: 6379, db: 0 },
      shown: 'redis://cache:6379',
    });
    expect(read('rediss://ann:p%40ss%2F@[::1]:7000/12')).toEqual({
      seeds: [{ host: '::1', port: 7000 }],
      connection: { host: '::1', port: 7000, db: 12, username: 'ann', password: 'p@ss/', tls: {} },
      shown: 'rediss://[::1]:7000/12',
    });
    expect(read('redis://:secret@cache:1/').connection).toEqual({
      host: 'cache',
      port: 1,
      db: 0,
      username: 'default',
      password: 'secret',
    });
  });

  it('reads several nodes, with one user and password', () => {
    expect(read('redis://:secret@a,b:7000,[::1]:7001/0')).toMatchObject({
      seeds: [
        { host: 'a', port: 6379 },
        { host: 'b', port: 7000 },
        { host: '::1', port: 7001 },
      ],
      connection: { password: 'secret' },
      shown: 'redis://a:6379,b:7000,[::1]:7001',
    });
    expect(() => read('redis://a,,b')).toThrow('an address that cannot be read');
  });

  it.each([
    'redis://:se/cret@cache',
    'redis://ann:12/cret@cache',
    'redis://:se?cret@cache',
    'redis://:se#cret@cache',
    'redis://:%zzsecret@cache',
    'redis://',
    'redis:///1',
  ])('refuses %s, and repeats nothing of it', (place) => {
    expect(() => read(place)).toThrow(
      /^sequence store: expected redis:\/\/\[user:password@\]host:port, got an address that cannot be read; in a password, write "\/", "\?", "#", "%" and "@" as %2F, %3F, %23, %25 and %40$/,
    );
  });

  it('refuses settings of the client', () => {
    expect(() => read('redis://cache?password=secret')).toThrow(
      /^sequence store redis:\/\/cache:6379: expected nothing after the database number, got more; leave it out$/,
    );
  });

  it('rejects a database that is not a number', () => {
    expect(() => read('redis://cache/one')).toThrow(
      /^sequence store redis:\/\/cache:6379: expected a database number after the "\/", got "one"; correct it, or leave it out for 0$/,
    );
  });
});

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { AccessError } from './accessError.ts';
import { ClientLimits, ConnectionLimit, networkOf } from './clientLimits.ts';

function refusal(enter: () => unknown): AccessError | undefined {
  try {
    enter();
    return undefined;
  } catch (error) {
    return error as AccessError;
  }
}

describe(ClientLimits, () => {
  it('allows a burst of one second and then the rate, with Retry-After', () => {
    let now = 0;
    const limits = new ClientLimits({ rate: 4, concurrent: undefined }, () => now);
    const enter = (client: string) => refusal(() => limits.enter(client));
    expect([1, 2, 3, 4].map(() => enter('a'))).toEqual([undefined, undefined, undefined, undefined]);
    expect(enter('a')).toMatchObject({
      status: 429,
      message: 'expected at most 4 requests per second of one client, got more; wait 0.25 s',
      headers: { 'retry-after': '1' },
    });
    expect(enter('b')).toBeUndefined();
    now = 250;
    expect(enter('a')).toBeUndefined();
    expect(enter('a')).toBeDefined();
  });

  it('limits concurrent requests', () => {
    const limits = new ClientLimits({ rate: undefined, concurrent: 2 });
    limits.enter('a');
    const leave = limits.enter('a');
    expect(refusal(() => limits.enter('a'))).toMatchObject({
      status: 429,
      message: 'expected at most 2 concurrent requests of one client, got one more; wait for a response',
    });
    leave();
    expect(refusal(() => limits.enter('a'))).toBeUndefined();
  });

  it('delays messages of a stream', () => {
    let now = 0;
    const limits = new ClientLimits({ rate: 2, concurrent: undefined }, () => now);
    expect([1, 2, 3, 4].map(() => limits.delayMs('a'))).toEqual([0, 0, 500, 1000]);
    now = 2000;
    expect(limits.delayMs('a')).toBe(0);
  });

  it('takes the same time for a newcomer however many clients it knows', () => {
    const newcomers = (known: number): number => {
      const limits = new ClientLimits({ rate: 1, concurrent: 10 });
      for (let client = 0; client < known; client++) limits.enter(`known ${client}`)();
      const since = performance.now();
      for (let client = 0; client < 10_000; client++) limits.enter(`new ${client}`)();
      return performance.now() - since;
    };
    newcomers(1000);
    const [few, many] = [newcomers(1000), newcomers(50_000)];
    // With a walk over all known clients it was 10,000 times 50,000 steps: seconds.
    expect(many).toBeLessThan(20 * few + 100);
  });

  it('keeps clients with a request in progress, however many others come', () => {
    const limits = new ClientLimits({ concurrent: 1 });
    limits.enter('busy');
    for (let client = 0; client < 50_000; client++) limits.enter(`new ${client}`)();
    expect(refusal(() => limits.enter('busy'))).toMatchObject({ status: 429 });
  });
});

describe(ConnectionLimit, () => {
  it('closes further connections of an address over all ports, and of no other', async () => {
    const limit = new ConnectionLimit(3);
    const servers: Server[] = [];
    for (let count = 0; count < 2; count++) {
      const server = createServer((socket) => socket.on('error', () => undefined).write('hello'));
      limit.bound(server);
      servers.push(server.listen(0, '127.0.0.1'));
      await once(server, 'listening');
    }
    /** Whether a connection is accepted; which event a client sees of a closed one is the kernel's choice. */
    const open = (server: Server, localAddress: string): Promise<{ socket: Socket; accepted: boolean }> =>
      new Promise((resolve) => {
        const { port } = server.address() as AddressInfo;
        const socket = connect({ port, host: '127.0.0.1', localAddress });
        const settle = (accepted: boolean) => () => {
          resolve({ socket, accepted });
        };
        socket
          .once('data', settle(true))
          .once('close', settle(false))
          .on('error', () => undefined);
      });
    const [first, second] = servers;
    const held = [
      await open(first, '127.0.0.2'),
      await open(first, '127.0.0.2'),
      await open(second, '127.0.0.2'),
    ];
    expect(held.map(({ accepted }) => accepted)).toEqual([true, true, true]);
    for (const server of servers) expect((await open(server, '127.0.0.2')).accepted).toBe(false);
    held.push(await open(first, '127.0.0.3'));
    expect(held[3].accepted).toBe(true);
    held[0].socket.destroy();
    await expect
      .poll(async () => {
        const { socket, accepted } = await open(second, '127.0.0.2');
        socket.destroy();
        return accepted;
      })
      .toBe(true);
    for (const { socket } of held) socket.destroy();
    for (const server of servers) server.close();
  });
});

describe(networkOf, () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8::2:0:0:7', '2001:db8:0:0'],
    ['2001:db8::2:3:4:5:6', '2001:db8:0:2'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('%s belongs to %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { GrpcServer } from '../src/grpcServer.ts';
import type { GrpcServerOptions } from '../src/options.ts';
import { describeEngine } from '../src/testing/handlerSuite.ts';
import { findOpenssl, makeCertificate } from '../src/testing/makeCertificate.ts';

const hasOpenssl = findOpenssl();
const certificate = hasOpenssl ? makeCertificate('first') : { cert: '', key: '' };

if (hasOpenssl) {
  describeEngine({
    name: 'GrpcServer with TLS',
    create: (options) => new GrpcServer({ ...options, tls: certificate }),
    clientCredentials: credentials.createSsl(Buffer.from(certificate.cert)),
  });
}

describe.skipIf(!hasOpenssl)('TLS connections', () => {
  const servers: GrpcServer<undefined>[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) await server.close();
  });

  const start = async (options: Partial<GrpcServerOptions<undefined>> = {}): Promise<number> => {
    const server = new GrpcServer({ onCall: () => undefined, tls: certificate, ...options });
    servers.push(server);
    return (await server.listen(0, '127.0.0.1')).port;
  };
  const open = (port: number): Socket => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    return socket.on('error', () => undefined);
  };
  /** Resolves with the connection, or the code of the error that ended its handshake. */
  const handshake = (port: number, options: ConnectionOptions): Promise<TLSSocket | string> =>
    new Promise((resolve) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: certificate.cert, ...options });
      sockets.push(socket);
      socket.once('secureConnect', () => {
        resolve(socket);
      });
      socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => {
        resolve(code);
      });
    });

  it('need the protocol h2', async () => {
    const port = await start();
    expect(await handshake(port, { ALPNProtocols: ['h2', 'http/1.1'] })).toMatchObject({
      alpnProtocol: 'h2',
    });
    expect(await handshake(port, { ALPNProtocols: ['http/1.1'] })).toBe(
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    );
    const without = await handshake(port, {});
    if (typeof without !== 'string' && !without.closed) await once(without.resume(), 'close');
  });

  it('are closed when the handshake is not complete in time, however slowly the client continues', async () => {
    const port = await start({ headerTimeoutMs: 300 });
    const [silent, slow] = [open(port), open(port)];
    // The begin of a ClientHello of 512 bytes, then a byte at a time.
    slow.write(Buffer.from('16030102000100', 'hex'));
    const trickle = setInterval(() => slow.write('\0'), 20);
    await Promise.all([once(silent.resume(), 'close'), once(slow.resume(), 'close')]);
    clearInterval(trickle);
    // One whose handshake is complete has its own timeouts.
    expect(await handshake(port, { ALPNProtocols: ['h2'] })).toMatchObject({ alpnProtocol: 'h2' });
  });

  it('are counted before their handshake, and closed by a drain during it', async () => {
    let isAccepting = true;
    const port = await start({ acceptConnection: () => isAccepting, headerTimeoutMs: 1e6 });
    const pending = open(port);
    await once(pending, 'connect');
    // The server has it once it answers a later one.
    expect(await handshake(port, { ALPNProtocols: ['h2'] })).not.toBeTypeOf('string');
    isAccepting = false;
    expect(await handshake(port, { ALPNProtocols: ['h2'] })).toBe('ECONNRESET');
    const closed = once(pending.resume(), 'close');
    const [server] = servers.splice(0);
    for (const socket of sockets) if (socket !== pending) socket.destroy();
    await Promise.all([server.close(), closed]);
  });

  it('without TLS get no answer', async () => {
    const port = await start();
    const plain = open(port);
    plain.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const chunks: Buffer[] = [];
    plain.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(plain, 'close');
    // At most an alert record.
    expect(Buffer.concat(chunks).subarray(0, 1).toString('hex')).toMatch(/^(15)?$/);
  });

  it('use a replaced certificate from then on', async () => {
    const port = await start();
    const before = await handshake(port, { ALPNProtocols: ['h2'] });
    const second = makeCertificate('second');
    servers[0].setSecureContext(second);
    const after = await handshake(port, { ALPNProtocols: ['h2'], ca: second.cert });
    for (const [socket, CN] of [
      [before, 'first'],
      [after, 'second'],
    ] as const) {
      if (typeof socket === 'string') throw new Error(socket);
      expect(socket.getPeerCertificate().subject).toEqual({ CN });
      expect(socket.closed).toBe(false);
    }
  });
});

import { once } from 'node:events';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { findOpenssl, makeCertificate } from '@onda/grpc-server/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Certificate } from './certificate.ts';
import { createLog } from './telemetry/log.ts';

const hasOpenssl = findOpenssl();
const make = (name: string): ReturnType<typeof makeCertificate> =>
  hasOpenssl ? makeCertificate(name) : { cert: '', key: '' };
const [first, second, third] = ['first', 'second', 'third'].map(make);
/** Interval of the checks, milliseconds. */
const EACH_MS = 20;

let folder: string;
let lines: string[];
let opened: Certificate | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-certificate-'));
  lines = [];
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

const path = (name: string): string => join(folder, name);
const log = createLog({ format: 'text', level: 'info' }, (text) => lines.push(text.trim()));
const open = async (tlsCert = path('cert'), tlsKey = path('key')): Promise<Certificate> => {
  opened = await Certificate.open({ tlsCert, tlsKey }, log, EACH_MS);
  if (opened === undefined) throw new Error('expected a certificate');
  return opened;
};
const put = async (pair: { cert: string; key: string }): Promise<void> => {
  await writeFile(path('cert'), pair.cert);
  await writeFile(path('key'), pair.key);
};
const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error(lines.join('\n'));
    },
    { timeout: 10_000, interval: 5 },
  );

describe.skipIf(!hasOpenssl)(Certificate, () => {
  it.each<[problem: string, cert: string, key: string, message: string]>([
    [
      'no certificate',
      'text',
      first.key,
      "--tls-cert CERT: expected certificates in PEM form, the server's own first, got none; begin the file with -----BEGIN CERTIFICATE-----",
    ],
    [
      'a key for a certificate',
      first.key,
      first.key,
      "--tls-cert CERT: expected certificates in PEM form, the server's own first, got none; begin the file with -----BEGIN CERTIFICATE-----",
    ],
    [
      'no key',
      first.cert,
      first.cert,
      '--tls-key KEY: expected a private key in PEM form, got none; begin the file with -----BEGIN PRIVATE KEY-----',
    ],
    [
      'an encrypted key',
      first.cert,
      hasOpenssl ? makeCertificate('x', ['-passout', 'pass:secret']).key : '',
      '--tls-key KEY: expected a private key without a passphrase, got an encrypted one; decrypt it with "openssl pkey -in FILE -out FILE"',
    ],
    [
      'a key of another certificate',
      first.cert,
      second.key,
      '--tls-key KEY: expected the private key of the first certificate in CERT, got another; name files that belong together',
    ],
  ])('rejects %s', async (_problem, cert, key, message) => {
    await put({ cert, key });
    const sentence = message.replace(/\b(CERT|KEY)\b(?=[:,])/g, (name) => path(name.toLowerCase()));
    await expect(open()).rejects.toMatchObject({ message: sentence });
  });

  it('rejects a missing file, a huge one, and one of both options', async () => {
    await put(first);
    await expect(open(path('none'))).rejects.toThrow(
      `--tls-cert ${path('none')}: the file cannot be read (ENOENT); name a file in PEM form`,
    );
    await writeFile(path('huge'), Buffer.alloc(2_000_000));
    await expect(open(path('huge'))).rejects.toThrow(
      `--tls-cert ${path('huge')}: the file cannot be read (2000000 bytes); name a file in PEM form`,
    );
    await expect(Certificate.open({ tlsCert: 'c', tlsKey: undefined }, log)).rejects.toThrow(
      '--tls-cert: expected --tls-key with it, got none; name the file of the private key',
    );
    await expect(Certificate.open({ tlsCert: undefined, tlsKey: 'k' }, log)).rejects.toThrow(
      '--tls-key: expected --tls-cert with it, got none; name the file of the certificate',
    );
    expect(await Certificate.open({ tlsCert: undefined, tlsKey: undefined }, log)).toBeUndefined();
  });

  it('warns of a certificate outside of its dates, and uses it', async () => {
    await put(first);
    vi.useFakeTimers({ now: Date.parse('2100-01-01'), toFake: ['Date'] });
    const { expiresAt } = await open();
    expect(lines).toEqual([
      `--tls-cert ${path('cert')}: the certificate expired at ${new Date(expiresAt * 1000).toISOString()}, so clients reject it; replace it`,
    ]);
    await opened?.close();
    vi.setSystemTime(Date.parse('2000-01-01'));
    await open();
    expect(lines[1]).toMatch(
      /: the certificate is valid from \S+Z on, so clients reject it; check the clock$/,
    );
  });

  it('uses a changed pair once both files match, and keeps the previous one until then', async () => {
    await put(first);
    const certificate = await open();
    const contexts: SecureContextOptions[] = [];
    certificate.onChange((context) => contexts.push(context));
    // The key comes later than the certificate.
    await writeFile(path('cert'), second.cert);
    await until(() => lines.length > 0);
    expect(certificate.context).toMatchObject(first);
    await new Promise((resolve) => setTimeout(resolve, 5 * EACH_MS));
    await writeFile(path('key'), second.key);
    await until(() => contexts.length > 0);
    expect(contexts).toMatchObject([{ ...second, minVersion: 'TLSv1.2' }]);
    // A file that is written only in part.
    await writeFile(path('cert'), third.cert.slice(0, 100));
    await until(() => lines.length > 2);
    await put(third);
    await until(() => contexts.length > 1);
    expect(certificate.context).toMatchObject(third);
    expect(lines).toEqual([
      `--tls-key ${path('key')}: expected the private key of the first certificate in ${path('cert')}, got another; name files that belong together; new connections use the previous certificate until then`,
      expect.stringMatching(/: new connections use the changed certificate, which is valid until \S+Z$/),
      expect.stringMatching(
        /^--tls-cert .*: expected certificates in PEM form.*; new connections use the previous certificate until then$/,
      ),
      expect.stringMatching(/: new connections use the changed certificate, which is valid until \S+Z$/),
    ]);
  });

  it('follows links, as Kubernetes changes a secret', async () => {
    for (const [version, pair] of Object.entries({ v1: first, v2: second })) {
      await writeFile(path(`${version}.cert`), pair.cert);
      await writeFile(path(`${version}.key`), pair.key);
    }
    await symlink('v1.cert', path('cert'));
    await symlink('v1.key', path('key'));
    const certificate = await open();
    for (const name of ['cert', 'key']) {
      await symlink(`v2.${name}`, path(`${name}.new`));
      await rename(path(`${name}.new`), path(name));
    }
    await until(() => certificate.context.cert === second.cert);
  });

  it('gives an HTTPS server each certificate, and closes connections that do not complete their handshake', async () => {
    await put(first);
    const certificate = await open();
    const server = createServer(certificate.context);
    const endHandshakes = certificate.follow(server, 200);
    const replaced = vi.spyOn(server, 'setSecureContext');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const slow = connect(port, '127.0.0.1');
    const trickle = setInterval(() => slow.write('\x16'), 20);
    slow.on('error', () => undefined);
    await once(slow.resume(), 'close');
    clearInterval(trickle);
    await put(second);
    await until(() => replaced.mock.calls.length > 0);
    expect(replaced.mock.calls[0][0]).toMatchObject(second);
    const pending = connect(port, '127.0.0.1');
    const accepted = once(server, 'connection');
    await accepted;
    const closed = new Promise((resolve) => server.close(resolve));
    endHandshakes();
    await closed;
    pending.destroy();
  });
});

import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions, Server } from 'node:tls';
import type { Socket } from 'node:net';
import { ConfigError } from '@onda/contract';
import { PendingHandshakes } from '@onda/grpc-server';
import { setSerialInterval } from '@onda/serving';
import type { ServeOptions } from './cli/serveOptions.ts';
import { timeouts } from './limits.ts';
import type { Log } from './telemetry/log.ts';

/** Bytes of a file of certificates or of a key. */
const MAX_FILE_BYTES = 1024 * 1024;

interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly leaf: X509Certificate;
}

/**
 * The certificate and key of the HTTP and gRPC ports. Both files are read again every second: when they have changed and match, new
 * connections use them. They may change one after the other, or by a change of links, as Kubernetes updates a secret.
 */
export class Certificate {
  readonly #files: Files;
  readonly #log: Log;
  #pair: Pair;
  readonly #listeners: ((context: SecureContextOptions) => void)[] = [];
  readonly #stop: () => Promise<void>;
  /** The problem of the files as they are now, seen once; it is logged if it lasts. */
  #problem = '';
  #logged = '';

  private constructor(files: Files, pair: Pair, log: Log, intervalMs: number) {
    this.#files = files;
    this.#pair = pair;
    this.#log = log;
    this.#stop = setSerialInterval(() => this.#reload(), intervalMs);
    this.#checkDates();
  }

  /**
   * @returns undefined without the options
   * @throws ConfigError if a file cannot be used
   */
  static async open(
    { tlsCert: cert, tlsKey: key }: Pick<ServeOptions, 'tlsCert' | 'tlsKey'>,
    log: Log,
    intervalMs: number = timeouts.certificateMs,
  ): Promise<Certificate | undefined> {
    if (cert === undefined && key === undefined) return undefined;
    if (cert === undefined || key === undefined) {
      const [given, missing, what] =
        cert === undefined
          ? ['--tls-key', '--tls-cert', 'certificate']
          : ['--tls-cert', '--tls-key', 'private key'];
      throw new ConfigError(`${given}: expected ${missing} with it, got none; name the file of the ${what}`);
    }
    const files = { cert, key };
    return new Certificate(files, await readPair(files), log, intervalMs);
  }

  /** Options of a TLS server. */
  get context(): SecureContextOptions {
    const { cert, key } = this.#pair;
    return { cert, key, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
  }

  /** When the certificate expires, seconds since 1970. */
  get expiresAt(): number {
    return Date.parse(this.#pair.leaf.validTo) / 1000;
  }

  /** Calls a function with the options of each later certificate. */
  onChange(listener: (context: SecureContextOptions) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Gives an HTTPS server each later certificate, and bounds the time of its handshakes.
   *
   * @returns a function that closes the connections whose handshake is not complete
   */
  follow(server: Server, handshakeMs: number = timeouts.headersMs): () => void {
    this.onChange((context) => {
      server.setSecureContext(context);
    });
    const pending = new PendingHandshakes(handshakeMs);
    server.on('connection', (socket: Socket) => {
      pending.add(socket);
    });
    server.on('secureConnection', (socket) => {
      pending.complete(socket);
    });
    return () => {
      pending.destroyAll();
    };
  }

  close(): Promise<void> {
    return this.#stop();
  }

  async #reload(): Promise<void> {
    try {
      const pair = await readPair(this.#files);
      this.#problem = '';
      this.#logged = '';
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return;
      this.#pair = pair;
      for (const listener of this.#listeners) listener(this.context);
      this.#log.info(
        `${this.#name}: new connections use the changed certificate, which is valid until ${iso(pair.leaf.validTo)}`,
      );
      this.#checkDates();
    } catch (error) {
      const { message } = error as Error;
      if (message === this.#problem && message !== this.#logged) {
        this.#logged = message;
        this.#log.warn(`${message}; new connections use the previous certificate until then`);
      }
      this.#problem = message;
    }
  }

  /** Clients reject a certificate outside of its dates; whether to is theirs to decide. */
  #checkDates(): void {
    const { validFrom, validTo } = this.#pair.leaf;
    const now = Date.now();
    if (Date.parse(validTo) < now) {
      this.#log.warn(
        `${this.#name}: the certificate expired at ${iso(validTo)}, so clients reject it; replace it`,
      );
    } else if (Date.parse(validFrom) > now) {
      this.#log.warn(
        `${this.#name}: the certificate is valid from ${iso(validFrom)} on, so clients reject it; check the clock`,
      );
    }
  }

  get #name(): string {
    return `--tls-cert ${this.#files.cert}`;
  }
}

interface Files {
  readonly cert: string;
  readonly key: string;
}

/** @throws ConfigError */
async function readPair(files: Files): Promise<Pair> {
  const cert = await readText('--tls-cert', files.cert);
  const key = await readText('--tls-key', files.key);
  const leaf = readLeaf(`--tls-cert ${files.cert}`, cert);
  const privateKey = readKey(`--tls-key ${files.key}`, key);
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new ConfigError(
      `--tls-key ${files.key}: expected the private key of the first certificate in ${files.cert}, got another; name files that belong together`,
    );
  }
  try {
    createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `--tls-cert ${files.cert}: expected certificates that OpenSSL accepts, got ${code ?? message.slice(0, 200)}; use stronger keys, or correct the file`,
      { cause },
    );
  }
  return { cert, key, leaf };
}

async function readText(option: string, file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `${option} ${file}: the file cannot be read (${code ?? message}); name a file in PEM form`,
      { cause },
    );
  }
}

/** The first certificate of a file, which is the server's own. */
function readLeaf(where: string, text: string): X509Certificate {
  try {
    // It would accept DER too, which a TLS server does not.
    if (text.includes('-----BEGIN ')) return new X509Certificate(text);
  } catch {
    // As for text without a certificate.
  }
  throw new ConfigError(
    `${where}: expected certificates in PEM form, the server's own first, got none; begin the file with -----BEGIN CERTIFICATE-----`,
  );
}

function readKey(where: string, text: string): KeyObject {
  if (/-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new ConfigError(
      `${where}: expected a private key without a passphrase, got an encrypted one; decrypt it with "openssl pkey -in FILE -out FILE"`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new ConfigError(
      `${where}: expected a private key in PEM form, got none; begin the file with -----BEGIN PRIVATE KEY-----`,
      { cause },
    );
  }
}

function iso(date: string): string {
  return new Date(date).toISOString();
}

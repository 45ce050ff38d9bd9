import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { exitOf } from './service.ts';

/** The Redis to use: ONDA_REDIS_SERVER, else the one on PATH; undefined if there is none. */
export function findRedis(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env['ONDA_REDIS_SERVER'] !== undefined) return env['ONDA_REDIS_SERVER'];
  const folders = (env['PATH'] ?? '').split(delimiter);
  const paths = folders.flatMap((folder) =>
    ['redis-server', 'valkey-server'].map((name) => join(folder, name)),
  );
  const found = paths.find((path) => existsSync(path));
  if (found === undefined && env['CI'] === 'true') {
    throw new Error(
      'expected Redis at ONDA_REDIS_SERVER or on PATH, got none; run npm test, which sets it up',
    );
  }
  return found;
}

/** A Redis of the test's own: a free port of this machine, every write on disk before it is answered. */
export class RedisServer {
  readonly url: string;
  readonly #port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.#port = port;
    this.#folder = folder;
    this.#options = options;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** @param options of redis-server, beside where it listens and what it writes */
  static async start(options: readonly string[] = []): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'onda-redis-'));
    const server = new RedisServer(await freePort(), folder, options);
    await server.restart();
    return server;
  }

  /** Starts it on what it had written. */
  async restart(): Promise<void> {
    const options = [
      '--port',
      String(this.#port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.#folder,
      '--save',
      '',
      ...['--appendonly', 'yes', '--appendfsync', 'always'],
      ...this.#options,
    ];
    const child = spawn(findRedis() ?? '', options);
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      let output = '';
      child.once('error', reject);
      child.once('exit', () => {
        reject(new Error(`Redis ended: ${output}`));
      });
      child.stdout.on('data', (data: Buffer) => {
        output += data.toString();
        if (output.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Without a word, as a machine that fails. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exit = exitOf(child);
    child.kill('SIGKILL');
    await exit;
  }

  /** Holds it where it is: connections stay, answers do not come. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  });
}

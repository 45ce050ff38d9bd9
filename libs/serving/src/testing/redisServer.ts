import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The Redis for tests: ONDA_REDIS_SERVER, otherwise the one on PATH; undefined without one. */
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

/** A Redis server for one test: on a free loopback port, every write on disk before its reply. */
export class RedisServer {
  readonly url: string;
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** @param options further options of redis-server */
  static async start(options: readonly string[] = []): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'onda-redis-'));
    const server = new RedisServer(await freePort(), folder, options);
    await server.restart();
    return server;
  }

  /** Starts it again with its data. */
  async restart(): Promise<void> {
    const options = [
      '--port',
      String(this.port),
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

  /** SIGKILL, to simulate a machine failure. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** SIGSTOP: connections stay open, without replies. */
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

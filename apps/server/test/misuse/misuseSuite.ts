import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residentMiB } from '../support/processUse.ts';
import { startService } from '../support/service.ts';
import type { ServiceProcess } from '../support/service.ts';
import { grpcCases } from './grpcMisuse.ts';
import { httpCases } from './httpMisuse.ts';
import { measureGrowth } from './measureMisuse.ts';
import type { Growth, Use } from './measureMisuse.ts';
import type { MisuseCase } from './misuseCase.ts';

export const misuseCases: readonly MisuseCase[] = [...httpCases, ...grpcCases];

/** A service that requires a token, and a token that it knows. */
export class MisusedService {
  readonly process: ServiceProcess;
  readonly #token: string;
  readonly #folder: string;
  readonly #startMiB: number;

  private constructor(process: ServiceProcess, token: string, folder: string, startMiB: number) {
    this.process = process;
    this.#startMiB = startMiB;
    this.#token = token;
    this.#folder = folder;
  }

  static async start(): Promise<MisusedService> {
    const folder = await mkdtemp(join(tmpdir(), 'onda-misuse-'));
    const token = randomBytes(32).toString('hex');
    const file = join(folder, 'tokens');
    await writeFile(file, `ann ${createHash('sha256').update(token).digest('hex')}\n`);
    const service = await startService(undefined, ['--grpc-port', '0', '--tokens', file]);
    return new MisusedService(service, token, folder, await residentMiB(service));
  }

  /**
   * @param authenticated whether the client has the token
   * @param share         of each case's N
   */
  measure(misuse: MisuseCase, authenticated: boolean, share = 1): Promise<Growth> {
    const { port, ready } = this.process;
    const grpcPort = Number(new URL(`http://${ready.grpc ?? ''}`).port);
    const target = { port, grpcPort, token: authenticated ? this.#token : undefined };
    return measureGrowth(this.process, this.#startMiB, misuse, target, share);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await rm(this.#folder, { recursive: true });
  }
}

const columns = ['processor time, ms', 'memory, MiB', 'blocked, ms', 'probe, ms'];
const headings = ['case', 'token', 'N', ...columns, '10 N', ...columns];

/** The first two lines of a Markdown table of growths. */
export const tableHead = [headings, headings.map((_, column) => (column < 2 ? '---' : '---:'))]
  .map(tableLine)
  .join('\n');

/** Its line for one growth. */
export function growthLine({ name, unit, authenticated, small, large }: Growth): string {
  return tableLine([`${name} (${unit})`, authenticated ? 'yes' : 'no', ...cellsOf(small), ...cellsOf(large)]);
}

function cellsOf({ count, ...use }: Use): string[] {
  return [
    String(count),
    ...[use.cpuMs, use.peakMiB, use.blockedMs, use.probeMs].map((value) => value.toFixed(0)),
  ];
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

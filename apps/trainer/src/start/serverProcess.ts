import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { ResultError } from '@onda/contract';

// By its place and not its name: the working directory may lie outside the workspace.
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const serverCli = path.resolve(import.meta.dirname, '../../../server/src/cli.ts');

/** Longest wait for the service to say that it is ready, and to end after it was told to; milliseconds. */
const readyWithinMs = 60_000;
const endWithinMs = 10_000;

/** A service that this process started and ends. */
export interface ServerProcess {
  /** Where it answers: `http://127.0.0.1:PORT`. */
  url: string;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
}

/**
 * Starts the service on a free port of the loopback interface.
 *
 * @param models the model repository to serve
 * @throws ResultError with what the service said when it does not become ready
 */
export async function startServer(models: string): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    ['--import', tsx, serverCli, 'serve', '--models', models, '--http-port', '0', '--json'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      resolve();
    }),
  );

  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const forced = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
    await ended;
    clearTimeout(forced);
  };

  const ready = new Promise<string>((resolve, reject) => {
    const fail = (reason: string): void => {
      reject(
        new ResultError(
          `service: expected it to become ready, ${reason}; it said: ${said.trim() || 'nothing'}`,
        ),
      );
    };
    const late = setTimeout(() => {
      fail(`it did not within ${readyWithinMs / 1000} s`);
    }, readyWithinMs);
    child.once('error', (error) => {
      fail(`it could not be started: ${error.message}`);
    });
    child.once('close', (code) => {
      clearTimeout(late);
      fail(`it ended with exit code ${code ?? 'none'}`);
    });
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(late);
      resolve((JSON.parse(line) as { http: string }).http);
    });
  });
  try {
    return { url: await ready, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A running Onda server on a free port of loopback. */
export interface OndaServer {
  /** Address of the page, with a slash at its end. */
  url: string;
  close(): Promise<void>;
}

/** Starts the Onda server on the example models; it also serves the built page. */
export async function startOndaServer(): Promise<OndaServer> {
  const command = ['--import', 'tsx', 'apps/server/src/cli.ts', 'serve', '--models', 'examples/models'];
  const server = spawn(process.execPath, [...command, '--http-port', '0'], { cwd: root });
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    const read = (data: Buffer): void => {
      said += data.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said);
      if (found) resolve(found[0]);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('exit', (code) => {
      reject(new Error(`the Onda server ended with ${code ?? 'a signal'}: ${said}`));
    });
  });
  return {
    url: address,
    async close() {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
    },
  };
}

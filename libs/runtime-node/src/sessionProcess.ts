import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import type { Call, WorkerHost, WorkerSettings } from './workerMessages.ts';

/** File descriptor of the pipe through which a process receives model files. */
export const MODEL_PIPE = 4;

/** Characters of a process's stderr that are kept for the reason why it ended. */
const KEPT_TEXT = 300;

/**
 * The session worker as a process: it can be ended during a run, which a thread in native code cannot. A message takes two to five
 * times as long as to a thread.
 */
export function startSessionProcess(settings: WorkerSettings): WorkerHost {
  return new SessionProcess(settings);
}

class SessionProcess extends EventEmitter implements WorkerHost {
  readonly #child: ChildProcess;
  readonly #models: Writable;
  readonly #exited: Promise<unknown>;

  constructor(settings: WorkerSettings) {
    super();
    const child = fork(new URL('./sessionWorkerStart.mjs', import.meta.url), [JSON.stringify(settings)], {
      // Without the flags of the parent: the entry file registers the TypeScript loader.
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    });
    this.#child = child;
    this.#models = child.stdio[MODEL_PIPE] as Writable;
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (data: string) => {
      text = (text + data).slice(-KEPT_TEXT);
    });
    // When the process ends, writes fail; its end is reported by `exit`.
    this.#models.on('error', () => undefined);
    child.on('message', (post) => this.emit('message', post));
    child.on('error', (error) => this.emit('error', error));
    this.#exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        resolve(undefined);
        const reason = text.trim() || (signal === null ? '' : `signal ${signal}`);
        if (reason !== '') this.emit('error', new Error(reason.split('\n').at(-1)));
        this.emit('exit', code ?? 1);
      };
      child.on('close', end);
    });
  }

  postMessage(calls: Call[]): void {
    const sent = calls.map((call): Call => {
      if (call.kind !== 'create' || typeof call.model === 'number') return call;
      this.#models.write(call.model);
      return { ...call, model: call.model.byteLength };
    });
    // An error of a closed channel; the end of the process is reported by `exit`.
    this.#child.send(sent, () => undefined);
  }

  terminate(): Promise<unknown> {
    this.#child.kill('SIGKILL');
    return this.#exited;
  }
}

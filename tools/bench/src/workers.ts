import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { ResultError } from '@onda/contract';
import type { Command } from './processes.ts';
import { lastLine } from './processes.ts';
import type { Missing } from './python.ts';

/*
 * Workers: processes that hold one subject each and live through a run. A request is a line of JSON on stdin, `{"do": NAME, ...}`, the
 * answer a line on stdout, `{"ok": ...}` or `{"error": "..."}`. A worker waits in a read between requests and uses no processor time.
 */

/** The bench's side of a worker. */
export class Worker {
  readonly name: string;
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private pending: { resolve: (line: string) => void; reject: (error: Error) => void } | null = null;
  private stderr = '';
  private ended: string | null = null;

  constructor(name: string, { program, args, env }: Command) {
    this.name = name;
    this.child = spawn(program, [...args], { env: env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const pending = this.pending;
      this.pending = null;
      pending?.resolve(line);
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-2000);
    });
    // Writing to a worker that has ended fails here too; `close` reports the end.
    this.child.stdin.on('error', () => undefined);
    this.child.on('error', (error) => {
      this.end(error.message);
    });
    this.child.on('close', (code, signal) => {
      const reason = lastLine(this.stderr);
      this.end(`it ended with ${signal ?? `code ${code ?? 'unknown'}`}${reason ? `: ${reason}` : ''}`);
    });
  }

  /**
   * @param answer schema of what comes under `ok`
   * @throws ResultError when the worker fails, answers something else, or ends
   */
  async ask<Answer>(
    request: { do: string } & Record<string, unknown>,
    answer: z.ZodType<Answer>,
  ): Promise<Answer> {
    const line = await new Promise<string>((resolve, reject) => {
      if (this.ended !== null) {
        reject(this.failure(this.ended));
        return;
      }
      this.pending = { resolve, reject };
      this.child.stdin.write(`${JSON.stringify(request)}\n`);
    });
    const reply = parseReply(line);
    if (reply === null) throw this.failure(`it answered ${JSON.stringify(line.slice(0, 200))}`);
    if ('error' in reply) throw this.failure(reply.error);
    const { data, error } = answer.safeParse(reply.ok);
    if (error) throw this.failure(`invalid answer to ${JSON.stringify(request)}: ${error.issues[0].message}`);
    return data;
  }

  /** Process number; -1 when it could not be started. */
  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Closes its input and waits for its end. */
  async close(): Promise<void> {
    if (this.ended !== null) return;
    await new Promise((resolve) => {
      this.child.once('close', resolve);
      this.child.stdin.end();
    });
  }

  private end(reason: string): void {
    this.ended ??= reason;
    this.pending?.reject(this.failure(this.ended));
    this.pending = null;
  }

  private failure(reason: string): ResultError {
    return new ResultError(`worker ${this.name}: ${reason}; run the bench without it (--systems)`);
  }
}

const replySchema = z.union([z.strictObject({ ok: z.unknown() }), z.strictObject({ error: z.string() })]);

function parseReply(line: string): z.infer<typeof replySchema> | null {
  try {
    return replySchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** The answer to `{"do": "hello"}`, the first request: the worker loads its library. */
const helloAnswer = z.union([
  z.strictObject({
    version: z.string(),
    /** Threads that it uses by default; null where unknown. */
    threads: z.int().nullable(),
  }),
  z.strictObject({ missing: z.string() }),
]);

export type Hello = z.infer<typeof helloAnswer>;

/** A subject in a separate process. */
export interface WorkerSubject {
  /** For the notes. */
  about: string;
  start: (say: (line: string) => void) => Command | Missing | Promise<Command | Missing>;
}

export interface OpenWorker<Name extends string> {
  name: Name;
  worker: Worker;
}

/**
 * Starts the workers of subjects, without those that cannot run here, and closes them after `use`.
 *
 * @param use gets the workers, and a note on each: what it is with its version, or what is missing
 */
export async function withWorkers<Name extends string, Result>(
  subjects: Readonly<Record<Name, WorkerSubject>>,
  names: readonly Name[],
  say: (line: string) => void,
  use: (workers: OpenWorker<Name>[], notes: string[]) => Promise<Result>,
): Promise<Result> {
  const workers: OpenWorker<Name>[] = [];
  const notes: string[] = [];
  try {
    for (const name of names) {
      const { about, start } = subjects[name];
      const command = await start(say);
      const worker = 'missing' in command ? undefined : new Worker(name, command);
      if (worker !== undefined) workers.push({ name, worker });
      const hello = await (worker?.ask({ do: 'hello' }, helloAnswer) ?? (command as Missing));
      if ('missing' in hello) {
        if (worker !== undefined) await workers.pop()?.worker.close();
        notes.push(`${name} is left out: ${hello.missing}`);
        say(`${name} is left out: ${hello.missing}`);
      } else {
        const threads = hello.threads === null ? '' : `, threads: ${hello.threads}`;
        notes.push(`${name}: ${about} (${hello.version}${threads})`);
      }
    }
    say(`systems: ${workers.map(({ name }) => name).join(', ')}`);
    return await use(workers, notes);
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.close()));
  }
}

/** What a worker can do: from a request's `do` to its answer. */
type Handlers = Record<string, (request: never) => unknown>;

/** The worker's side: answers requests until stdin closes. Everything else that is printed goes to stderr. */
export async function answerRequests(handlers: Handlers): Promise<void> {
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = process.stderr.write.bind(process.stderr);
  for await (const line of createInterface({ input: process.stdin })) {
    write(`${JSON.stringify(await reply(handlers, line))}\n`);
  }
}

async function reply(handlers: Handlers, line: string): Promise<{ ok: unknown } | { error: string }> {
  try {
    const request = JSON.parse(line) as { do: string };
    if (!(request.do in handlers)) return { error: `unknown request ${JSON.stringify(request.do)}` };
    return { ok: (await handlers[request.do](request as never)) ?? {} };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { ResultError } from '@onda/contract';

/** How to start a worker. */
export interface WorkerCommand {
  program: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
}

/**
 * A long-lived child process that answers each line of JSON with a line of JSON: `{"ok": ...}` or `{"error": "..."}`. One question
 * at a time; between questions it waits in a read, so that it takes nothing from the others.
 */
export class LineProcess {
  readonly name: string;
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | null = null;
  private lastWords = '';
  private ended: string | null = null;

  constructor(name: string, { program, args, env }: WorkerCommand) {
    this.name = name;
    this.child = spawn(program, [...args], { env: env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const waiting = this.waiting;
      this.waiting = null;
      waiting?.resolve(line);
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-2000);
    });
    // A write to a child that has died fails here too; the end itself is told below.
    this.child.stdin.on('error', () => undefined);
    this.child.on('error', (error) => {
      this.end(error.message);
    });
    this.child.on('close', (code, signal) => {
      const words = this.lastWords.trim().split('\n').at(-1) ?? '';
      this.end(`it ended with ${signal ?? `code ${code ?? 'unknown'}`}${words ? `: ${words}` : ''}`);
    });
  }

  /**
   * @param question what to do; goes as one line of JSON
   * @param answer   what comes back under `ok`
   * @throws ResultError when the worker cannot do it, answers something else, or ends
   */
  async ask<Answer>(question: object, answer: z.ZodType<Answer>): Promise<Answer> {
    const line = await new Promise<string>((resolve, reject) => {
      if (this.ended !== null) {
        reject(this.failure(this.ended));
        return;
      }
      this.waiting = { resolve, reject };
      this.child.stdin.write(`${JSON.stringify(question)}\n`);
    });
    const reply = parseReply(line);
    if (reply === null) throw this.failure(`it answered ${JSON.stringify(line.slice(0, 200))}`);
    if ('error' in reply) throw this.failure(reply.error);
    const { data, error } = answer.safeParse(reply.ok);
    if (error)
      throw this.failure(`its answer to ${JSON.stringify(question)} is none: ${error.issues[0].message}`);
    return data;
  }

  /** Its process number; -1 when it could not be started. */
  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Ends it: its input closes, and it leaves. */
  async close(): Promise<void> {
    if (this.ended !== null) return;
    await new Promise((resolve) => {
      this.child.once('close', resolve);
      this.child.stdin.end();
    });
  }

  private end(reason: string): void {
    this.ended ??= reason;
    this.waiting?.reject(this.failure(this.ended));
    this.waiting = null;
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

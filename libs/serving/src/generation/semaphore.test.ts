import { describe, expect, it } from 'vitest';
import { Semaphore } from './semaphore.ts';

const stays = (): boolean => false;

/** A task that ends when `done` is called. */
function work(log: string[], name: string): { run: () => Promise<string>; done: () => void } {
  let done = (): void => undefined;
  const gate = new Promise<void>((resolve) => (done = resolve));
  const run = async (): Promise<string> => {
    log.push(name);
    await gate;
    return name;
  };
  return {
    run,
    done: () => {
      done();
    },
  };
}

describe(Semaphore, () => {
  it('limits concurrent tasks and keeps the order of the others, also after a failure', async () => {
    const log: string[] = [];
    const gate = new Semaphore(2, 1024);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => work(log, name));
    const failing = gate.run(stays, async () => {
      await a.run();
      throw new RangeError('does not run');
    });
    const answers = [b, c].map(({ run }) => gate.run(stays, run));
    expect(log).toEqual(['a', 'b']);
    a.done();
    await expect(failing).rejects.toThrow('does not run');
    expect(log).toEqual(['a', 'b', 'c']);
    b.done();
    c.done();
    expect(await Promise.all(answers)).toEqual(['b', 'c']);
  });

  it('skips canceled tasks, and rejects when the queue is full', async () => {
    const log: string[] = [];
    const gate = new Semaphore(1, 1024);
    const first = work(log, 'first');
    const running = gate.run(stays, first.run);
    const message = 'the client closed the request before the model ran; nothing was run, send it again';
    const waiting = Array.from({ length: 1024 }, () =>
      expect(gate.run(() => true, work(log, 'gone').run)).rejects.toMatchObject({ status: 499, message }),
    );
    expect(() => {
      gate.checkRoom();
    }).toThrow('1024 requests wait already, and the queue is full; try again in a moment');
    first.done();
    await Promise.all([running, ...waiting]);
    gate.checkRoom();
    expect(log).toEqual(['first']);
  });
});

import { describe, expect, it } from 'vitest';
import { QueueingDelay } from './queueingDelay.ts';
import type { LoopTime, QueueStats } from './queueingDelay.ts';

interface Stats extends QueueStats {
  pending: number;
  readonly queue: { count: number };
}

const statsOf = (): Stats => ({
  pending: 0,
  queue: { count: 0 },
  failures: { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 },
});

/** A delay, and a function that lets time pass in one sample. */
function watched(...models: Stats[]): { delay: QueueingDelay; pass: (time: LoopTime) => void } {
  const total = { active: 0, idle: 0 };
  const delay = new QueueingDelay(() => ({ ...total }));
  delay.sample(models);
  return {
    delay,
    pass: ({ active, idle }) => {
      total.active += active;
      total.idle += idle;
      delay.sample(models);
    },
  };
}

describe(QueueingDelay, () => {
  it.each([
    ['fast', 0.06],
    ['slow', 2],
  ])(
    'bounds the wait at three times the maximum rate on a %s machine, and ends with it',
    (_name, msPerRequest) => {
      const stats = statsOf();
      const { delay, pass } = watched(stats);
      const waits: number[] = [];
      let shed = 0;
      // A queue that serves one request in `msPerRequest`, for 30 s, while three arrive.
      const steps = Math.round(30_000 / msPerRequest);
      let sampled = 0;
      for (let step = 0; step < steps; step++) {
        for (let arrival = 0; arrival < 3; arrival++) {
          if (delay.exceeds(stats)) shed++;
          else waits.push(++stats.pending * msPerRequest);
        }
        stats.pending--;
        stats.queue.count++;
        if ((step - sampled) * msPerRequest < 100) continue;
        pass({ active: (step - sampled) * msPerRequest, idle: 0 });
        sampled = step;
      }
      waits.sort((a, b) => a - b);
      expect(waits[Math.floor(waits.length * 0.99)]).toBeLessThan(250);
      expect(shed).toBeGreaterThan(steps);
      // The queue empties within the target.
      stats.queue.count += stats.pending;
      stats.pending = 0;
      pass({ active: 50, idle: 50 });
      stats.pending = 1000;
      expect(delay.exceeds(stats)).toBe(false);
    },
  );

  it('ignores a long queue while the event loop has time: it waits for a worker', () => {
    const stats = statsOf();
    const { delay, pass } = watched(stats);
    stats.pending = 1000;
    for (let sample = 0; sample < 5; sample++) {
      stats.queue.count++;
      pass({ active: 20, idle: 80 });
    }
    expect(delay.exceeds(stats)).toBe(false);
  });

  it('ignores a few requests however slow they are, as on a machine that other processes keep busy', () => {
    const stats = statsOf();
    const { delay, pass } = watched(stats);
    stats.pending = 63;
    for (let sample = 0; sample < 5; sample++) {
      stats.queue.count++;
      pass({ active: 1000, idle: 0 });
    }
    expect(delay.exceeds(stats)).toBe(false);
  });

  it('ends with the delay', () => {
    const stats = statsOf();
    const { delay, pass } = watched(stats);
    stats.queue.count = 100;
    stats.pending = 200;
    pass({ active: 100, idle: 0 });
    expect(delay.exceeds(stats)).toBe(true);
    stats.pending = 150;
    expect(delay.exceeds(stats)).toBe(false);
    // An empty queue says nothing about the time of a request.
    stats.pending = 0;
    pass({ active: 95, idle: 5 });
    stats.pending = 1000;
    expect(delay.exceeds(stats)).toBe(false);
  });

  it('sheds no other model', () => {
    const [flooded, other] = [statsOf(), statsOf()];
    const { delay, pass } = watched(flooded, other);
    flooded.pending = 1000;
    other.pending = 100;
    flooded.queue.count = 100;
    other.queue.count = 1000;
    pass({ active: 100, idle: 0 });
    expect(delay.exceeds(flooded)).toBe(true);
    expect(delay.exceeds(other)).toBe(false);
  });

  it('counts the time without a served request', () => {
    const stats = statsOf();
    const { delay, pass } = watched(stats);
    stats.pending = 100;
    pass({ active: 1, idle: 0 });
    expect(delay.exceeds(stats)).toBe(false);
    pass({ active: 1, idle: 0 });
    expect(delay.exceeds(stats)).toBe(true);
  });

  it('keeps nothing of a model that is no longer served', () => {
    const stats = statsOf();
    const { delay, pass } = watched(stats);
    stats.pending = 1000;
    pass({ active: 100, idle: 0 });
    expect(delay.exceeds(stats)).toBe(true);
    delay.sample([]);
    expect(delay.exceeds(stats)).toBe(false);
  });
});

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { wakefulness } from './wakefulness.ts';

/** Share of a fifth of a second that the event loop did not sleep, with an answer at its start. */
async function awakeShare(us: number): Promise<number> {
  const before = performance.eventLoopUtilization();
  wakefulness(us)();
  await sleep(200);
  return performance.eventLoopUtilization(before).utilization;
}

describe(wakefulness, () => {
  it('keeps the event loop awake for as long as it is told', async () => {
    expect(await awakeShare(300_000)).toBeGreaterThan(0.9);
  });

  it('lets it sleep where it is told not to', async () => {
    expect(await awakeShare(0)).toBeLessThan(0.9);
  });

  it('lets it sleep after that', async () => {
    const stayAwake = wakefulness(100);
    stayAwake();
    await sleep(50);
    const before = performance.eventLoopUtilization();
    await sleep(200);
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.9);
  });
});

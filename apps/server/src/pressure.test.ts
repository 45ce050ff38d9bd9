import { describe, expect, it } from 'vitest';
import { Pressure } from './pressure.ts';

/** A service that answers four requests a millisecond; 25 ms are to be borne, so that 100 fit. */
function service(mostMs = 25, busy = 1): { spend: (ms: number, arrivals: number) => number } {
  let now = 0;
  let underWay = 0;
  const pressure = new Pressure(
    mostMs,
    () => now,
    () => busy,
  );
  return {
    /** @returns how many of those that came in the time were let in */
    spend: (ms, arrivals) => {
      let taken = 0;
      for (let passed = 0; passed < ms; passed++) {
        now++;
        for (let answer = 0; answer < 4 && underWay > 0; answer++, underWay--) pressure.leave();
        for (let arrival = 0; arrival < arrivals; arrival++) {
          if (!pressure.enter()) continue;
          underWay++;
          taken++;
        }
      }
      return taken;
    },
  };
}

describe(Pressure, () => {
  it('lets in all that can be answered in time', () => {
    const { spend } = service();
    expect(spend(5000, 4)).toBe(20_000);
  });

  it('works a burst off', () => {
    const { spend } = service();
    expect(spend(200, 6)).toBe(1200);
    expect(spend(1000, 2)).toBe(2000);
  });

  it('refuses what does not fit once it has been too much for a while, and nothing any more once it is not', () => {
    const { spend } = service();
    // Of the first half second all are taken; they are worked off at four a millisecond.
    spend(2000, 12);
    // It answers four of the twelve that come in a millisecond.
    const taken = spend(1000, 12);
    expect(taken).toBeGreaterThan(3900);
    expect(taken).toBeLessThan(4100);
    spend(100, 2);
    expect(spend(200, 4)).toBe(800);
  });

  it('refuses nothing where it is the model that takes long, or where it is told so', () => {
    expect(service(25, 0.5).spend(2000, 12)).toBe(24_000);
    expect(service(0).spend(2000, 12)).toBe(24_000);
  });

  it('lets those that ask again at once in where there is plenty of room alone', () => {
    let now = 0;
    const pressure = new Pressure(
      25,
      () => now,
      () => 1,
    );
    // A request a millisecond is answered, so that 25 fit; a hundred are under way, and others take their places as long as they may.
    for (let request = 0; request < 100; request++) pressure.enter();
    for (; now < 700; now++) {
      pressure.leave();
      pressure.enter();
    }
    expect(pressure.enter()).toBe(false);
    for (let answer = 0; answer < 5; answer++) pressure.leave();
    expect([pressure.enter(true), pressure.enter()]).toEqual([false, true]);
    for (let answer = 0; answer < 16; answer++) pressure.leave();
    expect(pressure.enter(true)).toBe(true);
  });
});

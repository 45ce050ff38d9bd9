import { describe, expect, it } from 'vitest';
import { Pressure } from './pressure.ts';

/** A service that answers four requests a millisecond; 25 ms are to be borne, so that 100 fit. */
function service(
  mostMs = 25,
  busy = 1,
): { spend: (ms: number, arrivals: number, restless?: boolean) => number } {
  let now = 0;
  let underWay = 0;
  const pressure = new Pressure(
    mostMs,
    () => now,
    () => busy,
  );
  return {
    /** @returns how many of those that came in the time were let in */
    spend: (ms, arrivals, restless) => {
      let taken = 0;
      for (let passed = 0; passed < ms; passed++) {
        now++;
        for (let answer = 0; answer < 4 && underWay > 0; answer++, underWay--) pressure.leave();
        for (let arrival = 0; arrival < arrivals; arrival++) {
          if (!pressure.enter(restless)) continue;
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

  it('lets few of those in that did not wait, whatever the room, and all once it is over', () => {
    const { spend } = service(100);
    spend(2000, 12);
    // The hundred under way are answered, and after them one in each look is let in.
    spend(100, 12, true);
    const taken = spend(1000, 12, true);
    expect(taken).toBeGreaterThan(15);
    expect(taken).toBeLessThan(25);
    expect(spend(10, 4)).toBe(40);
    spend(200, 0);
    expect(spend(50, 4, true)).toBe(200);
  });

  it('is not over while those that were refused would not fit', () => {
    const { spend } = service();
    spend(2000, 12);
    // Hardly any is under way, but a hundred ask again every hundred milliseconds: four times the room.
    const rounds = Array.from({ length: 10 }, () => spend(1, 100, true) + spend(99, 0));
    expect(Math.max(...rounds)).toBeLessThan(10);
  });
});

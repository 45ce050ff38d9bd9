import { describe, expect, it } from 'vitest';
import { missedText } from '../report/goals.ts';
import { overloadGoals } from './overloadGoals.ts';
import type { OverloadFigures } from './overloadGoals.ts';

const stretch = { answered: 1000, refused: 0, failed: 0, p50: 2, p99: 10 };
const good: OverloadFigures = {
  transport: 'gRPC',
  top: { stretch, rate: 1000, p99: 10 },
  before: stretch,
  firstSecond: { ...stretch, p99: 24 },
  during: { ...stretch, answered: 6000, refused: 24_000, p99: 19 },
  seconds: 10,
  refusalP99: 5,
  probed: {
    ends: new Map([
      ['http 503', 3],
      ['grpc UNAVAILABLE', 2],
      ['http 200', 9],
    ]),
    answered: 9,
    refused: 5,
    withoutRetryAfter: 0,
  },
  answers: { ofService: 8005, atClients: 8000, cutOff: 10 },
};
const missed = (change: Partial<OverloadFigures>): string[] =>
  overloadGoals({ ...good, ...change })
    .filter(({ met }) => !met)
    .map(missedText);

describe(overloadGoals, () => {
  it('takes a service that refuses in time, answers the rest as before, and is itself again at once', () => {
    expect(missed({})).toEqual([]);
  });

  it.each([
    [
      { during: { ...good.during, refused: 0 } },
      'refused at 3 times the top rate: expected some, 99 of 100 within 250.0 ms, got 0, within 5.0 ms',
    ],
    [
      { refusalP99: NaN },
      'refused at 3 times the top rate: expected some, 99 of 100 within 250.0 ms, got 24000, within NaN ms',
    ],
    [
      { during: { ...good.during, p99: 21 } },
      'p99 of the accepted: expected at most 2 times that at the top rate (20.0 ms), got 21.0 ms',
    ],
    [
      { during: { ...good.during, answered: 4000 } },
      'accepted a second: expected at least 0.5 of the top rate (500), got 400',
    ],
    [
      { firstSecond: { ...good.firstSecond, refused: 1 } },
      'the first second after it: expected no refusal, p99 at most 2 times that before and 5 ms (25.0 ms), got 1 refused, 24.0 ms',
    ],
    [
      { probed: { ...good.probed, withoutRetryAfter: 2 } },
      'refusals without Retry-After: expected none, got 2',
    ],
    [
      { answers: { ...good.answers, atClients: 7990 } },
      'answered as the service counts, and not come to a client: expected at most the 10 under way at the end of a load, got 15 of 8005',
    ],
    [
      { answers: { ...good.answers, atClients: 8006 } },
      'answered as the service counts, and not come to a client: expected at most the 10 under way at the end of a load, got -1 of 8005',
    ],
    [
      { probed: { ...good.probed, ends: new Map([['grpc INTERNAL', 1]]) } },
      'requests that ended in any other way: expected none, got 0, 1 grpc INTERNAL',
    ],
  ])('tells what is not so, %#', (change, sentence) => {
    expect(missed(change)).toEqual([`gRPC: ${sentence}`]);
  });
});

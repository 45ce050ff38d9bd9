import type { Stretch } from '../rates/timedAnswers.ts';
import type { Tried } from '../rates/topRate.ts';
import type { Goal } from '../report/goals.ts';
import type { Probed } from './probe.ts';

/** What is held against what. */
export interface OverloadFigures {
  /** Over which it was asked. */
  transport: string;
  /** At the highest rate that is held, for itself. */
  top: Tried;
  /** At half of it: before, and in the first second after. */
  before: Stretch;
  firstSecond: Stretch;
  /** Of all requests while there are too many, and how long that was, seconds. */
  during: Stretch;
  seconds: number;
  /** Refusals alone: their p99. */
  refusalP99: number;
  probed: Probed;
  /** Of all requests: those that the service counts, those that came, and the most that were under way when a load maker ended. */
  answers: { ofService: number; atClients: number; cutOff: number };
}

/**
 * At the top rate a moment's queue is already long: twice its p99 is as long again. Half of the top rate is left because refusing
 * takes a part of the processors, and on a small machine the load makers take another.
 *
 * A load maker asks again at once, where Retry-After says a second; the service reads its connection again after a tenth of one, and
 * over gRPC answers after that, so that most refusals wait for it.
 *
 * After it the service is as before but for what was sent in the last moments.
 */
const most = { p99Ratio: 2, recoveryRatio: 2, recoveryMs: 5, leastShare: 0.5, refusalMs: 250 } as const;

const expectedEnds = new Set([
  'http 200',
  'http 429',
  'http 503',
  'grpc OK',
  'grpc UNAVAILABLE',
  'grpc RESOURCE_EXHAUSTED',
]);

export function overloadGoals(figures: OverloadFigures): Goal[] {
  const { transport, top, before, firstSecond, during, seconds, refusalP99, probed, answers } = figures;
  const accepted = during.answered / seconds;
  const p99Bound = top.p99 * most.p99Ratio;
  const recovery = before.p99 * most.recoveryRatio + most.recoveryMs;
  const strange = [...probed.ends]
    .filter(([end]) => !expectedEnds.has(end))
    .map(([end, count]) => `${count} ${end}`);
  const lost = answers.ofService - answers.atClients;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const goals: Goal[] = [
    {
      goal: 'refused at 3 times the top rate',
      bound: `some, 99 of 100 within ${ms(most.refusalMs)}`,
      got: `${during.refused}, within ${ms(refusalP99)}`,
      met: during.refused > 0 && refusalP99 <= most.refusalMs,
    },
    {
      goal: 'p99 of the accepted',
      bound: `at most ${most.p99Ratio} times that at the top rate (${ms(p99Bound)})`,
      got: ms(during.p99),
      met: during.p99 <= p99Bound,
    },
    {
      goal: 'accepted a second',
      bound: `at least ${most.leastShare} of the top rate (${(top.rate * most.leastShare).toFixed(0)})`,
      got: accepted.toFixed(0),
      met: accepted >= top.rate * most.leastShare,
    },
    {
      goal: 'the first second after it',
      bound: `no refusal, p99 at most ${most.recoveryRatio} times that before and ${most.recoveryMs} ms (${ms(recovery)})`,
      got: `${firstSecond.refused} refused, ${ms(firstSecond.p99)}`,
      met: firstSecond.refused === 0 && firstSecond.p99 <= recovery,
    },
    {
      goal: 'requests that ended in any other way',
      bound: 'none',
      got: [String(before.failed + during.failed + firstSecond.failed), ...strange].join(', '),
      met: before.failed + during.failed + firstSecond.failed === 0 && strange.length === 0,
    },
    {
      goal: 'answered as the service counts, and not come to a client',
      bound: `at most the ${answers.cutOff} under way at the end of a load`,
      got: `${lost} of ${answers.ofService}`,
      met: lost >= 0 && lost <= answers.cutOff,
    },
    {
      goal: 'refusals without Retry-After',
      bound: 'none',
      got: String(probed.withoutRetryAfter),
      met: probed.withoutRetryAfter === 0,
    },
  ];
  return goals.map((one) => ({ ...one, goal: `${transport}: ${one.goal}` }));
}

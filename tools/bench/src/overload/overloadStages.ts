import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchResult } from '../bench.ts';
import { modelCounts } from '../rates/modelCounts.ts';
import { runRateLoad } from '../rates/rateLoad.ts';
import type { RateLoad } from '../rates/rateLoad.ts';
import { slowestAsRefused } from '../rates/slowestAsRefused.ts';
import { isRefusal, p99OfSeconds, stretchOf } from '../rates/timedAnswers.ts';
import type { Stretch, TimedAnswers } from '../rates/timedAnswers.ts';
import type { Tried } from '../rates/topRate.ts';
import type { ServerProcess } from '../serving/serverProcess.ts';
import type { OverloadFigures } from './overloadGoals.ts';
import { overloadPicture } from './overloadPicture.ts';
import { probedWhile } from './probe.ts';

/** What is asked too much of. */
export interface Transport {
  /** In names of rows. */
  name: 'http' | 'grpc';
  form: RateLoad['form'];
  says: string;
  /** A connection of HTTP has one request under way, one of gRPC 32 calls. */
  connections: { base: number; overload: number };
  underWay: number;
}

export const transports: readonly Transport[] = [
  {
    ...{ name: 'http', form: 'http-json', says: 'JSON over HTTP' },
    connections: { base: 64, overload: 1088 },
    underWay: 1088,
  },
  { ...{ name: 'grpc', form: 'grpc', says: 'gRPC' }, connections: { base: 2, overload: 34 }, underWay: 1088 },
];

/** Seconds. */
export interface Stages {
  before: number;
  during: number;
  after: number;
}

/** Of the top rate. */
export const shares = { base: 0.5, overload: 3 };

/** Left out at the start of a stretch, so that what the one before left does not count. */
const SETTLE_MS = 1000;

/** Asks at a rate, and tells which answers were refusals. */
export async function tryRate(
  server: ServerProcess,
  { form, connections }: Transport,
  rate: number,
  seconds: number,
): Promise<TimedAnswers[]> {
  const { fail } = await modelCounts(server);
  const answers = await runRateLoad(server, { form, rate, connections: connections.base, seconds });
  return toldApart(form, [answers], (await modelCounts(server)).fail - fail);
}

/** Half of the top rate, three times it, and half again. */
export async function overload(
  server: ServerProcess,
  transport: Transport,
  top: Tried,
  stages: Stages,
): Promise<{ figures: OverloadFigures; picture: NonNullable<BenchResult['picture']> }> {
  const counted = await modelCounts(server);
  const startMs = Date.now();
  const { result, probed } = await probedWhile(server, () => loadsOf(server, transport, top.rate, stages));
  const { success, fail } = await modelCounts(server);
  const loads = toldApart(transport.form, result, fail - counted.fail - probed.refused);
  const [before, flood, after] = loads;
  const [overMs, endMs] = [flood.atMs[0], flood.atMs[flood.atMs.length - 1]];
  const seconds = stages.before + stages.during + stages.after;
  return {
    figures: {
      ...{ transport: transport.says, top, probed },
      before: typical(before, startMs + SETTLE_MS, Infinity),
      during: typical(flood, overMs + SETTLE_MS, endMs),
      firstSecond: stretchOf([after], endMs, Math.max(endMs, after.atMs[0]) + 1000),
      seconds: (endMs - overMs - SETTLE_MS) / 1000,
      refusalP99: refusalP99(loads),
      answers: {
        ofService: success - counted.success,
        atClients: stretchOf(loads, -Infinity, Infinity).answered + probed.answered,
        cutOff: transport.underWay,
      },
    },
    picture: overloadPicture(loads, transport.says, startMs, seconds),
  };
}

/** Each begins when the one before has been sent, whether it is answered or not. */
async function loadsOf(
  server: ServerProcess,
  { form, connections }: Transport,
  top: number,
  { before, during, after }: Stages,
): Promise<TimedAnswers[]> {
  const common = { form, from: 'sending', readAfter: sleep((before + during + after) * 1000) } as const;
  const base = { ...common, rate: top * shares.base, connections: connections.base };
  const flood = { ...common, rate: top * shares.overload, connections: connections.overload, flood: true };
  return Promise.all([
    runRateLoad(server, { ...base, seconds: before }),
    sleep(before * 1000).then(() => runRateLoad(server, { ...flood, seconds: during })),
    sleep((before + during) * 1000).then(() => runRateLoad(server, { ...base, seconds: after })),
  ]);
}

function toldApart(form: RateLoad['form'], loads: TimedAnswers[], refused: number): TimedAnswers[] {
  return form === 'grpc' ? slowestAsRefused(loads, refused) : loads;
}

/** Its p99 is that of most seconds. */
function typical(load: TimedAnswers, fromMs: number, toMs: number): Stretch {
  const lastMs = Math.min(toMs, load.atMs[load.atMs.length - 1]);
  return { ...stretchOf([load], fromMs, lastMs), p99: p99OfSeconds([load], fromMs, lastMs) };
}

function refusalP99(loads: readonly TimedAnswers[]): number {
  const refused = loads.map(({ atMs, tookMs, status }) => ({
    atMs,
    tookMs,
    status: status.map((one) => (isRefusal(one) ? 200 : 0)),
  }));
  return stretchOf(refused, -Infinity, Infinity).p99;
}

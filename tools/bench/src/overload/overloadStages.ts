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

/** Each begins when the load maker of the one before has ended; their logs are read when all have. */
async function loadsOf(
  server: ServerProcess,
  { form, connections }: Transport,
  top: number,
  { before, during, after }: Stages,
): Promise<TimedAnswers[]> {
  const base = { rate: top * shares.base, connections: connections.base };
  const flood = { rate: top * shares.overload, connections: connections.overload, flood: true };
  return inTurn(server, form, [
    { ...base, seconds: before },
    { ...flood, seconds: during },
    { ...base, seconds: after },
  ]);
}

async function inTurn(
  server: ServerProcess,
  form: RateLoad['form'],
  [load, ...later]: readonly Omit<RateLoad, 'form'>[],
): Promise<TimedAnswers[]> {
  let others: Promise<TimedAnswers[]> = Promise.resolve([]);
  const ended = (): Promise<unknown> => {
    if (later.length > 0) others = inTurn(server, form, later);
    return others;
  };
  const answers = await runRateLoad(server, { ...load, form, from: 'sending', ended });
  return [answers, ...(await others)];
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

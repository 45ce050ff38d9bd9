import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchCall, BenchResult } from '../bench.ts';
import { otherCores, readCpuTicks } from '../otherWork.ts';
import { processFamily } from '../processFamily.ts';
import { runRateLoad } from '../rates/rateLoad.ts';
import type { RateLoad } from '../rates/rateLoad.ts';
import { isRefusal, p99OfSeconds, stretchOf } from '../rates/timedAnswers.ts';
import type { Stretch, TimedAnswers } from '../rates/timedAnswers.ts';
import { topRateOf } from '../rates/topRate.ts';
import type { Tried } from '../rates/topRate.ts';
import { checkLoadMakers } from '../serving/checkLoadMakers.ts';
import type { ServerProcess } from '../serving/serverProcess.ts';
import { startOnda } from '../serving/systems.ts';
import { overloadGoals } from './overloadGoals.ts';
import type { OverloadFigures } from './overloadGoals.ts';
import { overloadPicture } from './overloadPicture.ts';
import { probedWhile } from './probe.ts';

/** Seconds: of a try, before, of the overload, and after. */
const plans = {
  usual: { try: 5, before: 20, during: 30, after: 20 },
  quick: { try: 2, before: 4, during: 6, after: 4 },
};
type Plan = (typeof plans)['usual'];

/** The load that goes on all the time, in shares of the top rate, and all of them together meanwhile. */
const shares = { base: 0.5, overload: 3 };

const connections = { base: 64, more: 1024 };

/** Before the first try, so that code is compiled and caches are warm. */
const warm = { rate: 1000, connections: connections.base, seconds: 5 };

/** Left out at the start of a stretch, so that what the one before left does not count. */
const SETTLE_MS = 1000;

/** Onda's service at half of the highest rate that it holds, at three times it, and at half again. */
export async function overloadBench(call: BenchCall): Promise<BenchResult> {
  await checkLoadMakers('overload', ['h2load']);
  const plan = call.quick ? plans.quick : plans.usual;
  const server = await startOnda();
  try {
    const before = readCpuTicks(processFamily([server.pid]));
    await json(server, warm);
    const { top, note } = await topRateOf('overload', async (rate) => {
      call.say(`trying ${rate} requests a second`);
      return [await json(server, { rate, connections: connections.base, seconds: plan.try })];
    });
    call.say(`${top.rate} a second are held; half of it, 3 times it, half of it`);
    const { figures, picture } = await overload(server, top, plan);
    return {
      section: 'overload',
      rows: rowsOf(figures),
      tables: [stretchTable(figures)],
      notes: [
        note,
        `HTTP in JSON by h2load: ${shares.base} times it over ${connections.base} connections all the time, and over ${connections.more} more what makes ${shares.overload} times it for ${plan.during} seconds. Times count from when a request was sent; a p99 is the median over the seconds.`,
        `Single requests beside it: ${[...figures.probed.ends].map(([end, count]) => `${count} ${end}`).join(', ')}.`,
      ],
      picture,
      problems: [],
      goals: overloadGoals(figures),
      otherCores: otherCores(before, readCpuTicks(processFamily([server.pid])), cpus().length),
    };
  } finally {
    await server.stop();
  }
}

function json(server: ServerProcess, load: Omit<RateLoad, 'form'>): Promise<TimedAnswers> {
  return runRateLoad(server, { form: 'http-json', ...load });
}

async function overload(
  server: ServerProcess,
  top: Tried,
  plan: Plan,
): Promise<{ figures: OverloadFigures; picture: BenchResult['picture'] }> {
  const from = 'sending';
  const seconds = plan.before + plan.during + plan.after;
  const startMs = Date.now();
  const { result: loads, probed } = await probedWhile(server, () =>
    Promise.all([
      json(server, { rate: top.rate * shares.base, connections: connections.base, seconds, from }),
      sleep(plan.before * 1000).then(() =>
        json(server, {
          rate: top.rate * (shares.overload - shares.base),
          connections: connections.more,
          seconds: plan.during,
          from,
        }),
      ),
    ]),
  );
  const [base, more] = loads;
  const [overMs, endMs] = [more.atMs[0], more.atMs[more.atMs.length - 1]];
  const figures: OverloadFigures = {
    top,
    before: typical([base], startMs + SETTLE_MS, overMs),
    during: typical(loads, overMs + SETTLE_MS, endMs),
    firstSecond: stretchOf([base], endMs, endMs + 1000),
    seconds: (endMs - overMs - SETTLE_MS) / 1000,
    refusalP99: refusalP99(loads),
    probed,
  };
  return { figures, picture: overloadPicture(loads, startMs, seconds) };
}

/** Its p99 is that of most seconds. */
function typical(loads: readonly TimedAnswers[], fromMs: number, toMs: number): Stretch {
  return { ...stretchOf(loads, fromMs, toMs), p99: p99OfSeconds(loads, fromMs, toMs) };
}

function refusalP99(loads: readonly TimedAnswers[]): number {
  const refused = loads.map(({ atMs, tookMs, status }) => ({
    atMs,
    tookMs,
    status: status.map((one) => (isRefusal(one) ? 200 : 0)),
  }));
  return stretchOf(refused, -Infinity, Infinity).p99;
}

function rowsOf({ top, during, seconds }: OverloadFigures): BenchResult['rows'] {
  const row = (work: string, unit: string, value: number): BenchResult['rows'][number] => ({
    ...{ work, system: 'onda', unit },
    ...{ median: value, min: value, max: value, runs: 1 },
  });
  const rows = [
    row('overload-top', 'requests/s', top.rate),
    row('overload-top-p99', 'ms', top.p99),
    row('overload-accepted', 'requests/s', during.answered / seconds),
    row('overload-refused', 'requests/s', during.refused / seconds),
    row('overload-accepted-p99', 'ms', during.p99),
  ];
  // Where nothing was answered there are no times.
  return rows.filter(({ median }) => Number.isFinite(median));
}

function stretchTable({ top, before, during, firstSecond }: OverloadFigures): BenchResult['tables'][number] {
  const stretches = {
    'top rate': { ...top.stretch, p99: top.p99 },
    before,
    'three times the top rate': during,
    'first second after': firstSecond,
  };
  return {
    title: 'Requests and the times of those answered, milliseconds',
    head: ['when', 'answered', 'refused', 'failed', 'p50', 'p99'],
    rows: Object.entries(stretches).map(([name, { answered, refused, failed, p50, p99 }]) => [
      name,
      ...[answered, refused, failed].map(String),
      p50.toFixed(2),
      p99.toFixed(2),
    ]),
  };
}

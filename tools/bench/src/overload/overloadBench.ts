import { cpus } from 'node:os';
import type { BenchCall, BenchResult } from '../bench.ts';
import { otherCores, readCpuTicks } from '../otherWork.ts';
import { processFamily } from '../processFamily.ts';
import { topRateOf } from '../rates/topRate.ts';
import { stackSvg } from '../report/drawSvg.ts';
import { checkLoadMakers } from '../serving/checkLoadMakers.ts';
import { startOnda } from '../serving/systems.ts';
import { overloadGoals } from './overloadGoals.ts';
import type { OverloadFigures } from './overloadGoals.ts';
import { pictureSize } from './overloadPicture.ts';
import { overload, shares, transports, tryRate } from './overloadStages.ts';
import type { Stages } from './overloadStages.ts';

/** Seconds; `try` is that of a try of the top rate. */
const plans: Record<'usual' | 'quick', Stages & { try: number }> = {
  usual: { try: 5, before: 20, during: 30, after: 20 },
  quick: { try: 2, before: 4, during: 6, after: 4 },
};

/** Before the first try, so that code is compiled and caches are warm. */
const warm = { rate: 1000, seconds: 5 };

/** Onda's service at half of the highest rate that it holds, at three times it, and at half again; over HTTP, and over gRPC. */
export async function overloadBench(call: BenchCall): Promise<BenchResult> {
  await checkLoadMakers('overload', ['h2load']);
  const plan = call.quick ? plans.quick : plans.usual;
  const server = await startOnda();
  const parts: { result: Awaited<ReturnType<typeof overload>>; name: string; note: string }[] = [];
  try {
    const before = readCpuTicks(processFamily([server.pid]));
    for (const transport of transports) {
      await tryRate(server, transport, warm.rate, warm.seconds);
      const { top, note } = await topRateOf('overload', (rate) => {
        call.say(`trying ${rate} requests a second, ${transport.says}`);
        return tryRate(server, transport, rate, plan.try);
      });
      call.say(`${top.rate} a second are held; half of it, 3 times it, half of it`);
      const result = await overload(server, transport, top, plan);
      parts.push({ result, name: transport.name, note: `${transport.says}. ${note}` });
    }
    const others = otherCores(before, readCpuTicks(processFamily([server.pid])), cpus().length);
    const pictures = parts.map(({ result }) => result.picture);
    return {
      section: 'overload',
      rows: parts.flatMap(({ name, result }) => rowsOf(name, result.figures)),
      tables: parts.map(({ result }) => stretchTable(result.figures)),
      notes: [
        ...parts.map(({ note }) => note),
        `By h2load: ${shares.base} times it over ${among('base')} for ${plan.before} seconds, ${shares.overload} times it over ${among('overload')} for ${plan.during}, ${shares.base} times it again. Times count from when a request was sent; a p99 is the median over the seconds.`,
        'Once it is behind, a connection asks again as soon as it is answered, refused or not, as a client does that does not wait for as long as Retry-After says. Of gRPC, which h2load does not tell apart, as many of the slowest answers as the service refused are taken for refusals: those are held back.',
        ...parts.map(
          ({ result: { figures } }) =>
            `Single requests beside ${figures.transport}: ${[...figures.probed.ends].map(([end, count]) => `${count} ${end}`).join(', ')}.`,
        ),
      ],
      picture: {
        alt: pictures.map(({ alt }) => alt).join('; '),
        svg: stackSvg(
          pictures.map(({ svg }) => svg),
          pictureSize,
        ),
      },
      problems: [],
      goals: parts.flatMap(({ result }) => overloadGoals(result.figures)),
      otherCores: others,
    };
  } finally {
    await server.stop();
  }
}

function among(load: 'base' | 'overload'): string {
  const counts = transports.map(({ connections, says }) => `${connections[load]} (${says})`);
  return `${counts.join(' and ')} connections`;
}

function rowsOf(name: string, { top, during, seconds }: OverloadFigures): BenchResult['rows'] {
  const row = (work: string, unit: string, value: number): BenchResult['rows'][number] => ({
    ...{ work: `overload-${name}-${work}`, system: 'onda', unit },
    ...{ median: value, min: value, max: value, runs: 1 },
  });
  const rows = [
    row('top', 'requests/s', top.rate),
    row('top-p99', 'ms', top.p99),
    row('accepted', 'requests/s', during.answered / seconds),
    row('refused', 'requests/s', during.refused / seconds),
    row('accepted-p99', 'ms', during.p99),
  ];
  // Where nothing was answered there are no times.
  return rows.filter(({ median }) => Number.isFinite(median));
}

function stretchTable({
  transport,
  top,
  before,
  during,
  firstSecond,
}: OverloadFigures): BenchResult['tables'][number] {
  const stretches = {
    'top rate': { ...top.stretch, p99: top.p99 },
    before,
    'three times the top rate': during,
    'first second after': firstSecond,
  };
  return {
    title: `${transport}: requests, and the times of those answered in milliseconds`,
    head: ['when', 'answered', 'refused', 'failed', 'p50', 'p99'],
    rows: Object.entries(stretches).map(([name, { answered, refused, failed, p50, p99 }]) => [
      name,
      ...[answered, refused, failed].map(String),
      p50.toFixed(2),
      p99.toFixed(2),
    ]),
  };
}

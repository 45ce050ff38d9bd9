import { cpus } from 'node:os';
import type { BenchCall, BenchResult } from '../bench.ts';
import { otherCores, readCpuTicks } from '../otherWork.ts';
import { processFamily } from '../processFamily.ts';
import { mixNames, mixText, runMixedLoad } from '../rates/mixedLoad.ts';
import { modelCounts } from '../rates/modelCounts.ts';
import { sampledWhile } from '../rates/serviceSamples.ts';
import { topRateOf } from '../rates/topRate.ts';
import type { Row } from '../report/rowFile.ts';
import type { Table } from '../report/table.ts';
import { checkLoadMakers } from '../serving/checkLoadMakers.ts';
import type { ServerProcess } from '../serving/serverProcess.ts';
import { startOnda } from '../serving/systems.ts';
import { median, spread } from '../statistics.ts';
import { soakGoals } from './soakGoals.ts';
import { soakPicture } from './soakPicture.ts';
import { soakSlices } from './soakSlices.ts';
import type { SoakSlice } from './soakSlices.ts';

const plans = {
  usual: { minutes: 10, share: 0.8, trySeconds: 5 },
  quick: { minutes: 0.5, share: 0.8, trySeconds: 2 },
};

/** At the first rate, so that code is compiled and caches are warm. */
const warm = { rate: 1000, seconds: 5 };

/** Onda's service under a fixed share of the highest rate that it holds: whether times and memory stay as they are. */
export async function soakBench(call: BenchCall): Promise<BenchResult> {
  await checkLoadMakers('soak', ['h2load']);
  const plan = call.quick ? plans.quick : plans.usual;
  const minutes = call.minutes ?? plan.minutes;
  const share = call.share ?? plan.share;
  const server = await startOnda();
  try {
    const before = readCpuTicks(processFamily([server.pid]));
    await runMixedLoad(server, warm.rate, warm.seconds);
    const { top, note } = await topRateOf('soak', async (rate) => {
      call.say(`trying ${rate} requests a second`);
      return runMixedLoad(server, rate, plan.trySeconds);
    });
    const rate = Math.round(top.rate * share);
    call.say(`${minutes} minutes at ${rate} requests a second`);
    const { slices, kinds, failures } = await soak(server, rate, minutes);
    return {
      section: 'soak',
      rows: rowsOf(slices, top.rate, rate),
      tables: [sliceTable(slices), kindTable(kinds)],
      notes: [
        `${note} The soak: ${rate} a second for ${minutes} minutes.`,
        `Mix: ${mixText}.`,
        'HTTP and unary gRPC by h2load at fixed rates, the steps by a client of our own; what a request was sent late counts as its time.',
      ],
      picture: soakPicture(slices),
      problems: [],
      goals: soakGoals(slices, failures),
      otherCores: otherCores(before, readCpuTicks(processFamily([server.pid])), cpus().length),
    };
  } finally {
    await server.stop();
  }
}

async function soak(
  server: ServerProcess,
  rate: number,
  minutes: number,
): Promise<{ slices: SoakSlice[]; kinds: SoakSlice[][]; failures: number }> {
  const before = await modelCounts(server);
  const startMs = Date.now();
  const { result, samples } = await sampledWhile(server, () => runMixedLoad(server, rate, minutes * 60));
  const slices = soakSlices(result, samples, startMs, minutes);
  const kinds = result.map((load) => soakSlices([load], samples, startMs, minutes));
  const unanswered = slices.reduce((sum, { refused, failed }) => sum + refused + failed, 0);
  const { fail } = await modelCounts(server);
  // Those that the service counts are among them, but for gRPC's.
  return { slices, kinds, failures: Math.max(unanswered, fail - before.fail) };
}

function rowsOf(slices: readonly SoakSlice[], top: number, rate: number): Row[] {
  const row = (work: string, unit: string, values: readonly number[]): Row => ({
    ...{ work, system: 'onda', unit },
    ...spread(values),
  });
  return [
    row('soak-top', 'requests/s', [top]),
    row('soak-rate', 'requests/s', [rate]),
    row(
      'soak-p50',
      'ms',
      slices.map(({ p50 }) => p50),
    ),
    row(
      'soak-p99',
      'ms',
      slices.map(({ p99 }) => p99),
    ),
    row(
      'soak-resident',
      'MiB',
      slices.map(({ residentMiB }) => residentMiB),
    ),
    row(
      'soak-heap',
      'MiB',
      slices.map(({ heapMiB }) => heapMiB),
    ),
  ];
}

function sliceTable(slices: readonly SoakSlice[]): Table {
  return {
    title: 'Times in milliseconds, memory in mebibytes',
    head: ['until minute', 'answered', 'not', 'p50', 'p99', 'resident', 'heap', 'live sequences'],
    rows: slices.map((slice) => [
      slice.untilMin.toFixed(1),
      String(slice.answered),
      String(slice.refused + slice.failed),
      slice.p50.toFixed(2),
      slice.p99.toFixed(2),
      slice.residentMiB.toFixed(0),
      slice.heapMiB.toFixed(0),
      slice.liveSequences.toFixed(0),
    ]),
  };
}

/** Medians over the parts of the soak, and how the first and the last of them were. */
function kindTable(kinds: readonly SoakSlice[][]): Table {
  return {
    title: 'Each kind by itself, milliseconds',
    head: [
      'kind',
      'answered',
      'p50',
      'p99',
      'p50 of the first part',
      'of the last',
      'p99 of the first part',
      'of the last',
    ],
    rows: kinds.map((slices, kind) => {
      const [first, last] = [slices[0], slices[slices.length - 1]];
      return [
        mixNames[kind],
        String(slices.reduce((sum, { answered }) => sum + answered, 0)),
        ...[median(slices.map(({ p50 }) => p50)), median(slices.map(({ p99 }) => p99))].map((ms) =>
          ms.toFixed(2),
        ),
        ...[first.p50, last.p50, first.p99, last.p99].map((ms) => ms.toFixed(2)),
      ];
    }),
  };
}

import type { Bench, BenchRun, Measured } from '../bench.ts';
import { parseOneOf } from '../bench.ts';
import type { LineChart } from '../report/chart.ts';
import type { Goal } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import { median } from '../report/measurement.ts';
import { requireLoadMakers, runRateLoad } from './loadMakers.ts';
import { runSteadySteps } from './sequenceClients.ts';
import type { Server } from './servers.ts';
import { countRequests, startOnda } from './servers.ts';
import type { Interval, TimedAnswers } from './timedAnswers.ts';
import { findTopRate, intervalOf } from './timedAnswers.ts';

/** Requests of several kinds of clients; shares of the whole rate. */
const mix = [
  { name: 'HTTP JSON', form: 'http-json', share: 0.4, connections: 32 },
  { name: 'HTTP binary', form: 'http-binary', share: 0.2, connections: 16 },
  { name: 'unary gRPC', form: 'grpc', share: 0.2, connections: 8 },
] as const;

/** Steps of live sequences over a gRPC stream. */
const stepped = { name: 'steps of live sequences', share: 0.2, sequences: 500, length: 200 };

const kinds = [...mix, stepped];

const plans = {
  usual: { minutes: 10, share: 0.8, trySeconds: 5, limitMs: 50 },
  // A limit that a trial on a busy machine reaches too.
  quick: { minutes: 0.5, share: 0.8, trySeconds: 2, limitMs: 1000 },
};

const warmUp = { rate: 1000, seconds: 5 };

/** Slices of a soak shorter than so many minutes. */
const LEAST_SLICES = 6;

const ours = { system: 'onda', relation: 'at most' } as const;

const goals: Goal[] = [
  // The p99 of a minute varies by a third on a quiet machine; what grows with the age of the service doubles within a soak.
  {
    ...{ ...ours, work: /^soak-last-p99$/, bound: 1.5, plus: 1 },
    peer: { work: 'soak-first-p99', system: 'onda' },
  },
  // V8's heap grows by tens of MiB between collections; a leak of 20 bytes per request is 90 MiB in ten minutes of 8,000 per second.
  {
    ...{ ...ours, work: /^soak-last-resident$/, bound: 1, plus: 64 },
    peer: { work: 'soak-first-resident', system: 'onda' },
  },
  { ...ours, work: /^soak-unanswered$/, bound: 0 },
];

/** Onda's service at a fixed share of its maximum rate: whether times and memory stay constant. */
export const soakBench: Bench<{ name: string }> = {
  title: 'The soak: medians over its slices; first and last are thirds of it',
  workloads: () => ['soak'],
  parseWorkload: (name) => parseOneOf([{ name: 'soak' }], name),
  subjects: ['onda'],
  goals,
  measure: async (run) => {
    await requireLoadMakers(['h2load']);
    const server = await startOnda();
    try {
      return await run.watched([server.pid], () => measureSoak(run, server));
    } finally {
      await server.stop();
    }
  },
};

async function measureSoak({ options, say }: BenchRun<{ name: string }>, server: Server): Promise<Measured> {
  const plan = plans[options.quick ? 'quick' : 'usual'];
  const minutes = options.minutes ?? plan.minutes;
  await runMix(server, warmUp.rate, warmUp.seconds);
  const top = await findTopRate((rate) => {
    say(`trying ${rate} requests per second`);
    return runMix(server, rate, plan.trySeconds);
  }, plan.limitMs);
  const rate = Math.round(top.rate * (options.share ?? plan.share));
  say(`${minutes} minutes at ${rate} requests per second`);
  const before = await countRequests(server);
  const startMs = Date.now();
  const { result: loads, samples } = await sampledWhile(server, () => runMix(server, rate, minutes * 60));
  const slices = soakSlices(loads, samples, startMs, minutes);
  const unanswered = slices.reduce((sum, { refused, failed }) => sum + refused + failed, 0);
  const { fail } = await countRequests(server);
  // h2load does not see failed gRPC calls, the service does.
  const rows = soakRows(slices, top.rate, rate, Math.max(unanswered, fail - before.fail));
  return {
    measurements: [
      ...rows,
      ...loads.flatMap((load, kind) =>
        kindRows(kinds[kind].name, soakSlices([load], samples, startMs, minutes)),
      ),
    ],
    notes: [
      `${top.note} The soak: ${rate} per second for ${minutes} minutes.`,
      `Mix: ${kinds.map(({ share, name }) => `${100 * share} % ${name}`).join(', ')}; ${stepped.sequences} live sequences of ${stepped.length} steps each.`,
      'HTTP and unary gRPC by h2load at fixed rates, steps by a client of the bench. A delay in sending counts as time of the request.',
    ],
    chart: soakChart(slices),
  };
}

/** The mix at a rate; logs are read when all load generators have ended, since reading uses a core. */
async function runMix(server: Server, rate: number, seconds: number): Promise<TimedAnswers[]> {
  let running = mix.length + 1;
  let resolveAll = (): void => undefined;
  const all = new Promise<void>((resolve) => (resolveAll = resolve));
  const ended = (): Promise<void> => {
    if (--running === 0) resolveAll();
    return all;
  };
  const steps = runSteadySteps(server.grpc, { ...stepped, rate: rate * stepped.share, seconds });
  return Promise.all([
    ...mix.map(({ form, share, connections }) =>
      runRateLoad(server, { form, connections, rate: rate * share, seconds, ended }),
    ),
    steps.then(async (answers) => {
      await ended();
      return answers;
    }),
  ]);
}

/** The service's metrics at one time. */
interface Sample {
  /** Milliseconds since 1970. */
  atMs: number;
  residentMiB: number;
  heapMiB: number;
  liveSequences: number;
}

const MIB = 2 ** 20;

/** Reads the service's metrics every second while something runs. */
async function sampledWhile<Result>(
  server: Server,
  run: () => Promise<Result>,
): Promise<{ result: Result; samples: Sample[] }> {
  const samples: Sample[] = [];
  let reading = Promise.resolve();
  const timer = setInterval(() => {
    reading = reading.then(async () => {
      const text = await (await fetch(`${server.metrics}/metrics`)).text();
      samples.push({
        atMs: Date.now(),
        residentMiB: metricValue(text, 'process_resident_memory_bytes') / MIB,
        heapMiB: metricValue(text, 'nodejs_heap_size_used_bytes') / MIB,
        liveSequences: metricValue(text, 'onda_sequences_live'),
      });
    });
    // Reported by the await below.
    reading.catch(() => undefined);
  }, 1000);
  try {
    const result = await run();
    await reading;
    return { result, samples };
  } finally {
    clearInterval(timer);
  }
}

/** A Prometheus metric, summed over its labels; NaN when it is missing. */
export function metricValue(text: string, name: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) return NaN;
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** A minute of a soak, or less of a short one. */
export interface SoakSlice extends Interval {
  /** Its end, minutes after the start. */
  untilMin: number;
  /** The maximum. */
  residentMiB: number;
  /** The minimum: what is left after garbage collection. */
  heapMiB: number;
  liveSequences: number;
}

export function soakSlices(
  loads: readonly TimedAnswers[],
  samples: readonly Sample[],
  startMs: number,
  minutes: number,
): SoakSlice[] {
  const count = Math.max(LEAST_SLICES, Math.round(minutes));
  const lengthMs = (minutes * 60_000) / count;
  return Array.from({ length: count }, (_, index) => {
    const fromMs = startMs + index * lengthMs;
    const within = samples.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + lengthMs);
    return {
      ...intervalOf(loads, fromMs, fromMs + lengthMs),
      untilMin: ((index + 1) * lengthMs) / 60_000,
      residentMiB: Math.max(0, ...within.map(({ residentMiB }) => residentMiB)),
      heapMiB: within.length === 0 ? 0 : Math.min(...within.map(({ heapMiB }) => heapMiB)),
      liveSequences: within.length === 0 ? 0 : median(within.map(({ liveSequences }) => liveSequences)),
    };
  });
}

export function soakRows(
  slices: readonly SoakSlice[],
  top: number,
  rate: number,
  unanswered: number,
): Measurement[] {
  const third = Math.ceil(slices.length / 3);
  const [first, last] = [slices.slice(0, third), slices.slice(-third)];
  const of = (part: readonly SoakSlice[], key: keyof SoakSlice): number[] => part.map((slice) => slice[key]);
  const row = (metric: string, unit: string, values: readonly number[]): Measurement => ({
    ...{ workload: 'soak', metric: `-${metric}`, subject: 'onda', unit, values },
  });
  return [
    row('top', 'requests/s', [top]),
    row('rate', 'requests/s', [rate]),
    row('p50', 'ms', of(slices, 'p50')),
    row('p99', 'ms', of(slices, 'p99')),
    row('first-p99', 'ms', of(first, 'p99')),
    row('last-p99', 'ms', of(last, 'p99')),
    row('resident', 'MiB', of(slices, 'residentMiB')),
    row('first-resident', 'MiB', [Math.max(...of(first, 'residentMiB'))]),
    row('last-resident', 'MiB', [Math.max(...of(last, 'residentMiB'))]),
    row('heap', 'MiB', of(slices, 'heapMiB')),
    row('unanswered', 'requests', [unanswered]),
  ];
}

/** Times of one kind of requests, for the table only. */
function kindRows(kind: string, slices: readonly SoakSlice[]): Measurement[] {
  const of = { workload: kind, subject: 'onda', unit: 'ms', detail: true };
  return [
    { ...of, metric: '-p50', values: slices.map(({ p50 }) => p50) },
    { ...of, metric: '-p99', values: slices.map(({ p99 }) => p99) },
  ];
}

function soakChart(slices: readonly SoakSlice[]): LineChart {
  const points = (keys: Partial<Record<keyof SoakSlice, string>>): LineChart['panels'][number]['points'] =>
    (Object.entries(keys) as [keyof SoakSlice, string][]).flatMap(([key, series]) =>
      slices.map((slice) => ({ series, x: slice.untilMin, y: slice[key] })),
    );
  return {
    kind: 'lines',
    alt: 'Times of requests and memory of the service over the minutes of the soak',
    panels: [
      { xLabel: 'minutes', yLabel: 'milliseconds', points: points({ p99: 'p99', p50: 'p50' }) },
      {
        ...{ xLabel: 'minutes', yLabel: 'MiB' },
        points: points({ residentMiB: 'resident', heapMiB: 'heap' }),
      },
    ],
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, status as codes } from '@grpc/grpc-js';
import type { Bench, BenchRun, Measured } from '../bench.ts';
import { measureEach, parseOneOf } from '../bench.ts';
import type { LineChart } from '../report/chart.ts';
import type { Goal } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import type { Table } from '../report/table.ts';
import type { Form, RateLoad } from './loadMakers.ts';
import { requireLoadMakers, runRateLoad } from './loadMakers.ts';
import { grpcRequest, inferenceService, jsonBody, model } from './requests.ts';
import type { Server } from './servers.ts';
import { countRequests, startOnda } from './servers.ts';
import type { Interval, TimedAnswers } from './timedAnswers.ts';
import { findTopRate, intervalOf } from './timedAnswers.ts';

/** A transport under overload. */
interface Transport {
  name: 'overload-http' | 'overload-grpc';
  form: Form;
  /** At the maximum rate and at too much: one request at a time per connection over HTTP, 32 calls over gRPC. */
  connections: { top: number; flood: number };
  /** Sends one small request. */
  ask: (server: Server, client: Client) => Promise<End>;
}

/** How a single request ended. */
interface End {
  /** Such as `http 200` and `grpc UNAVAILABLE`. */
  text: string;
  kind: 'answered' | 'refused' | 'other';
  /** A refusal over HTTP without Retry-After. */
  withoutRetryAfter?: boolean;
}

const transports: readonly Transport[] = [
  {
    ...{ name: 'overload-http', form: 'http-json', ask: askHttp },
    connections: { top: 64, flood: 1088 },
  },
  { ...{ name: 'overload-grpc', form: 'grpc', ask: askGrpc }, connections: { top: 2, flood: 34 } },
];

/** Of the maximum rate. */
const FLOOD = 3;

/** Seconds of a try of the maximum rate and of the flood, and the p99 at the maximum rate, which a trial on a busy machine reaches too. */
const plans = { usual: { try: 5, flood: 30, limitMs: 50 }, quick: { try: 2, flood: 6, limitMs: 1000 } };

const warmUp = { rate: 1000, seconds: 5 };

/** Small requests after the flood: so many at once, every second, for so many seconds, all answered after the first two. */
const recovery = { requests: 10, seconds: 10, allowedSeconds: 2, timeoutMs: 10_000 };

const atMost = { system: 'onda', relation: 'at most' } as const;

const goals: Goal[] = [
  { ...atMost, work: /-accepted-p99$/, bound: 250 },
  { ...atMost, work: /-other-ends$/, bound: 0 },
  { ...atMost, work: /-without-retry-after$/, bound: 0 },
  { ...atMost, work: /-recovery-unanswered$/, bound: 0 },
];

/** Onda's service at three times its maximum rate, and its recovery, over HTTP and over gRPC. */
export const overloadBench: Bench<Transport> = {
  title: 'Three times the maximum rate, and the small requests after it',
  workloads: () => transports.map(({ name }) => name),
  parseWorkload: (name) => parseOneOf(transports, name),
  subjects: ['onda'],
  goals,
  measure: async (run) => {
    await requireLoadMakers(['h2load']);
    const server = await startOnda();
    try {
      return await run.watched([server.pid], () => measureAll(run, server));
    } finally {
      await server.stop();
    }
  },
};

async function measureAll(run: BenchRun<Transport>, server: Server): Promise<Measured> {
  const plan = plans[run.options.quick ? 'quick' : 'usual'];
  const parts = await measureEach(run, (transport) => measureTransport(run, server, transport, plan));
  return {
    measurements: parts.flatMap((part) => part.measurements),
    tables: [endTable(parts)],
    notes: [
      ...parts.map(({ name, note }) => `${name}: ${note}`),
      `Flood: ${FLOOD} times the maximum rate for ${plan.flood} seconds by h2load, over ${transports.map(({ connections, form }) => `${connections.flood} (${form})`).join(' and ')} connections; times count from when a request was sent. A connection that is behind sends again as soon as it is answered, refused or not.`,
      'h2load does not see gRPC status codes: as many answers as the service answered successfully are taken to be the slowest ones, so accepted-p99 over gRPC is an upper bound.',
      `Recovery: ${recovery.requests} small requests at once every second for ${recovery.seconds} seconds; unanswered counts from the third second on.`,
    ],
    chart: chartOf(parts),
  };
}

interface Part {
  name: string;
  note: string;
  measurements: Measurement[];
  /** The flood, second by second. */
  seconds: Interval[];
  /** How the single requests ended, during the flood and after it. */
  ends: { flood: Map<string, number>; recovery: Map<string, number> };
}

async function measureTransport(
  { say }: BenchRun<Transport>,
  server: Server,
  { name, form, connections, ask }: Transport,
  plan: (typeof plans)['usual'],
): Promise<Part> {
  const client = new Client(server.grpc, credentials.createInsecure());
  const askOne = (): Promise<End> => ask(server, client);
  try {
    await tryRate(server, form, connections.top, warmUp.rate, warmUp.seconds);
    const top = await findTopRate(async (rate) => {
      say(`trying ${rate} requests per second`);
      return [await tryRate(server, form, connections.top, rate, plan.try)];
    }, plan.limitMs);
    say(`flooding with ${FLOOD} times ${top.rate} requests per second`);
    const load = { form, connections: connections.flood, rate: top.rate * FLOOD, seconds: plan.flood };
    const { flood, ends, after } = await floodAndRecover(server, load, askOne);
    const all = intervalOf([flood]);
    const [startMs, endMs] = [flood.atMs[0], flood.atMs[flood.atMs.length - 1]];
    const seconds = (endMs - startMs) / 1000;
    const other = all.failed + ends.filter(({ kind }) => kind === 'other').length;
    const unanswered = after
      .slice(recovery.allowedSeconds * recovery.requests)
      .filter(({ kind }) => kind !== 'answered').length;
    const row = (metric: string, unit: string, value: number): Measurement => ({
      ...{ workload: name, metric: `-${metric}`, subject: 'onda', unit, values: [value] },
    });
    return {
      ...{ name, note: top.note, ends: { flood: countEnds(ends), recovery: countEnds(after) } },
      measurements: [
        row('top', 'requests/s', top.rate),
        row('top-p99', 'ms', top.p99),
        row('accepted', 'requests/s', all.answered / seconds),
        row('refused', 'requests/s', all.refused / seconds),
        row('accepted-p99', 'ms', all.p99),
        row('other-ends', 'requests', other),
        row('without-retry-after', 'requests', ends.filter((end) => end.withoutRetryAfter).length),
        row('recovery-unanswered', 'requests', unanswered),
      ],
      seconds: Array.from({ length: Math.floor(seconds) }, (_, second) =>
        intervalOf([flood], startMs + second * 1000, startMs + (second + 1) * 1000),
      ),
    };
  } finally {
    client.close();
  }
}

/**
 * Marks refusals among gRPC answers, whose HTTP status is 200: the fastest ones, so that the times of the rest are an upper bound.
 *
 * @param refused how many of them the service did not answer successfully
 */
export function withRefusals(load: TimedAnswers, refused: number): TimedAnswers {
  const order = Array.from(load.tookMs.keys()).filter((index) => load.status[index] === 200);
  order.sort((a, b) => load.tookMs[a] - load.tookMs[b]);
  const status = load.status.slice();
  for (const index of order.slice(0, Math.max(0, refused))) status[index] = 503;
  return { ...load, status };
}

const PROBE_INTERVAL_MS = 50;

/** Requests at a rate below the flood's. */
async function tryRate(
  server: Server,
  form: Form,
  connections: number,
  rate: number,
  seconds: number,
): Promise<TimedAnswers> {
  const before = await countRequests(server);
  const load = await runRateLoad(server, { form, connections, rate, seconds });
  const answered = (await countRequests(server)).success - before.success;
  return form === 'grpc' ? withRefusals(load, load.atMs.length - answered) : load;
}

/**
 * Floods the service, with single requests at the same time (a load generator does not report codes and headers), and sends the small
 * requests as soon as the load generator has ended.
 */
async function floodAndRecover(
  server: Server,
  load: Pick<RateLoad, 'form' | 'connections' | 'rate' | 'seconds'>,
  ask: () => Promise<End>,
): Promise<{ flood: TimedAnswers; ends: End[]; after: End[] }> {
  const ends: End[] = [];
  let after: End[] = [];
  let answered = 0;
  let done = false;
  const probe = async (): Promise<void> => {
    while (!done) {
      ends.push(await ask());
      await sleep(PROBE_INTERVAL_MS);
    }
  };
  const before = await countRequests(server);
  const probing = probe();
  try {
    const ended = async (): Promise<void> => {
      done = true;
      const probed = ends.filter(({ kind }) => kind === 'answered').length;
      const counting = countRequests(server);
      after = await recover(ask);
      answered = (await counting).success - before.success - probed;
    };
    const flood = await runRateLoad(server, { ...load, from: 'sent', flood: true, ended });
    const marked = load.form === 'grpc' ? withRefusals(flood, flood.atMs.length - answered) : flood;
    return { flood: marked, ends, after };
  } finally {
    done = true;
    await probing;
  }
}

/** The small requests after a flood, in order; each second's are sent whether or not the previous ones were answered. */
async function recover(ask: () => Promise<End>): Promise<End[]> {
  const ends: Promise<End>[] = [];
  for (let second = 0; second < recovery.seconds; second++) {
    for (let request = 0; request < recovery.requests; request++) ends.push(ask());
    await sleep(1000);
  }
  return Promise.all(ends);
}

function countEnds(ends: readonly End[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { text } of ends) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

async function askHttp(server: Server): Promise<End> {
  const { bytes, headers } = jsonBody();
  try {
    const response = await fetch(`${server.http}/v2/models/${model}/infer`, {
      method: 'POST',
      headers,
      body: new Uint8Array(bytes),
      signal: AbortSignal.timeout(recovery.timeoutMs),
    });
    await response.arrayBuffer();
    const refused = response.status === 503 || response.status === 429;
    return {
      text: `http ${response.status}`,
      kind: response.status === 200 ? 'answered' : refused ? 'refused' : 'other',
      withoutRetryAfter: refused && !response.headers.has('retry-after'),
    };
  } catch {
    return { text: 'http without an answer', kind: 'other' };
  }
}

const grpcKinds: Readonly<Record<string, End['kind']>> = {
  OK: 'answered',
  UNAVAILABLE: 'refused',
  RESOURCE_EXHAUSTED: 'refused',
};

function askGrpc(_server: Server, client: Client): Promise<End> {
  const { path, requestSerialize, responseDeserialize } = inferenceService()['ModelInfer'];
  const deadline = Date.now() + recovery.timeoutMs;
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      ...([path, requestSerialize, responseDeserialize, grpcRequest, { deadline }] as const),
      (error) => {
        const code = codes[error?.code ?? codes.OK];
        resolve({ text: `grpc ${code}`, kind: grpcKinds[code] ?? 'other' });
      },
    );
  });
}

function endTable(parts: readonly Part[]): Table {
  return {
    title: 'Single requests: how they ended',
    head: ['work', 'when', 'end', 'requests'],
    rows: parts.flatMap(({ name, ends }) =>
      (['flood', 'recovery'] as const).flatMap((when) =>
        [...ends[when]].map(([end, count]) => [name, when, end, String(count)]),
      ),
    ),
  };
}

function chartOf(parts: readonly Part[]): LineChart {
  const panel = (part: Part, unit: string, keys: readonly ('answered' | 'refused' | 'p99')[]) => ({
    ...{ xLabel: 'seconds', yLabel: `${part.name}, ${unit}` },
    points: keys.flatMap((key) =>
      part.seconds.map((second, index) => ({ series: key, x: index, y: second[key] })),
    ),
  });
  return {
    kind: 'lines',
    alt: 'Requests answered and refused in each second of three times the maximum rate, and the p99 of those answered, over HTTP and gRPC',
    panels: parts.flatMap((part) => [
      panel(part, 'requests per second', ['answered', 'refused']),
      panel(part, 'p99 in milliseconds', ['p99']),
    ]),
  };
}

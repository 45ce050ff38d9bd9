import path from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { ConfigError } from '@onda/contract';
import type { Bench, BenchRun, Measured } from '../bench.ts';
import { measureEach } from '../bench.ts';
import type { Agreement } from '../report/agreement.ts';
import { dotChart } from '../report/chart.ts';
import type { Goal } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import type { Form, LoadResult } from './loadMakers.ts';
import { requireLoadMakers, runLoad } from './loadMakers.ts';
import { grpcRequest, inferenceService, jsonBody, model } from './requests.ts';
import { runSequences, runSteps } from './sequenceClients.ts';
import type { Server, ServerName } from './servers.ts';
import { openServer, serverNames } from './servers.ts';

/**
 * How requests come: in which form, over how many connections. `sequences` and `steps` are steps of so many sequences whose state Onda
 * keeps, over gRPC streams: many in a message, or each in one of its own.
 */
interface ServingWorkload {
  name: string;
  form: Form | 'sequences' | 'steps';
  /** Or sequences. */
  connections: number;
}

const usualWorkloads = [
  ...['http-json', 'http-binary', 'grpc'].flatMap((form) => [1, 16, 64].map((count) => `${form}-${count}`)),
  ...['sequences', 'steps'].flatMap((form) => [1, 100, 1000].map((count) => `${form}-${count}`)),
];
const quickWorkloads = ['http-json-16', 'http-binary-16', 'grpc-16', 'sequences-1000', 'steps-1000'];

const plans = { usual: { rounds: 3, seconds: 4 }, quick: { rounds: 1, seconds: 1 } };

/** Load before the first round. */
const WARM_UP_SECONDS = 2;

const atLeast = { system: 'onda', relation: 'at least' } as const;
const triton = { system: 'triton-python' };
const mlserver = { system: 'mlserver' };

const goals: Goal[] = [
  { ...atLeast, work: /^http-json-16$/, bound: 1.4, peer: triton },
  { ...atLeast, work: /^http-json-16$/, bound: 6, peer: mlserver },
  { ...atLeast, work: /^http-(?!json-16)\w+-\d+$/, bound: 1, peer: triton },
  { ...atLeast, work: /^grpc-\d+$/, bound: 2.5, peer: triton },
  { ...atLeast, work: /^grpc-\d+$/, bound: 6, peer: mlserver },
  { system: 'onda', work: /-p99$/, relation: 'at most', bound: 1, peer: triton },
  { ...atLeast, work: /^sequences-1000$/, bound: 400_000 },
  { system: 'onda', work: /^start$/, relation: 'at most', bound: 1 },
];

/** Requests per second and their times, one sample of the example model each, of Onda, Triton's Python backend and MLServer. */
export const servingBench: Bench<ServingWorkload> = {
  title: 'Requests (of sequences: steps) per second, one sample each, and their times',
  workloads: ({ quick }) => (quick ? quickWorkloads : usualWorkloads),
  parseWorkload: parseServingWorkload,
  subjects: serverNames,
  peer: 'triton-python',
  goals,
  measure: async (run) => {
    await requireLoadMakers(['wrk', 'h2load']);
    const servers = new Map<ServerName, Server>();
    const notes: string[] = [];
    try {
      for (const name of run.subjects as ServerName[]) {
        run.say(`starting ${name}`);
        const server = await openServer(name, path.join(run.folder, name), run.say);
        if ('missing' in server) notes.push(`${name} is left out: ${server.missing}`);
        else servers.set(name, server);
      }
      return await measureServers(run, servers, notes);
    } finally {
      for (const server of servers.values()) await server.stop();
    }
  },
};

/** @throws ConfigError for an unknown workload */
export function parseServingWorkload(name: string): ServingWorkload {
  const match = /^(http-json|http-binary|grpc|sequences|steps)-([1-9][0-9]{0,3})$/.exec(name);
  if (match === null)
    throw new ConfigError(
      `--works: expected loads such as http-json-16, grpc-64, sequences-1000 or steps-1000, got ${JSON.stringify(name)}; correct the name`,
    );
  return { name, form: match[1] as ServingWorkload['form'], connections: Number(match[2]) };
}

async function measureServers(
  run: BenchRun<ServingWorkload>,
  servers: ReadonlyMap<ServerName, Server>,
  notes: readonly string[],
): Promise<Measured> {
  const agreements = await compareAnswers(servers);
  const pids = [...servers.values()].map(({ pid }) => pid);
  const parts = await run.watched(pids, () =>
    measureEach(run, (workload) => measureWorkload(run, workload, servers)),
  );
  const measurements = [
    ...parts.flatMap((part) => part.measurements),
    ...[...servers].map(([subject, { startS }]) => ({
      ...{ workload: 'start', metric: '', subject, unit: 's', values: [startS] },
    })),
  ];
  return {
    measurements,
    agreements,
    notes: [
      'HTTP by wrk, gRPC by h2load, one thread each. 99 of 100 requests are answered within p99.',
      'sequences-N: N sequences whose state the service keeps, stepped by one sample over two gRPC streams; the rate is steps per second, the times are those of a message, which steps all sequences of its stream. steps-N: each step is a separate message, and a sequence steps again as soon as it is answered. Neither peer keeps state here.',
      ...(servers.has('mlserver') ? ['MLServer 1.7.1 does not read the binary tensor extension.'] : []),
      ...notes,
    ],
    problems: parts.flatMap(({ problems }) => problems),
    chart: dotChart(
      measurements.filter(({ workload }) => workload !== 'start'),
      '',
      {
        alt: 'Requests per second by load and system; the line spans the rounds',
        xLabel: 'requests (steps) per second',
      },
    ),
  };
}

async function measureWorkload(
  { options }: BenchRun<ServingWorkload>,
  workload: ServingWorkload,
  servers: ReadonlyMap<ServerName, Server>,
): Promise<{ measurements: Measurement[]; problems: string[] }> {
  const { rounds, seconds } = plans[options.quick ? 'quick' : 'usual'];
  const able = [...servers].filter(([name]) => isAble(name, workload));
  for (const [, server] of able) await runWorkload(workload, server, WARM_UP_SECONDS);
  const results = new Map<ServerName, LoadResult[]>(able.map(([name]) => [name, []]));
  for (let round = 0; round < (options.rounds ?? rounds); round++) {
    for (const [name, server] of able) results.get(name)?.push(await runWorkload(workload, server, seconds));
  }
  const unit = isStepped(workload) ? 'steps/s' : 'requests/s';
  const problems: string[] = [];
  const measurements = [...results].flatMap(([subject, runs]): Measurement[] => {
    const failures = runs.reduce((sum, one) => sum + one.failures, 0);
    if (failures > 0)
      problems.push(
        `${workload.name}: expected every request of ${subject} to be answered, ${failures} were not; see its log`,
      );
    const of = { workload: workload.name, subject };
    return [
      { ...of, metric: '', unit, values: runs.map(({ rate }) => rate) },
      { ...of, metric: '-p50', unit: 'ms', values: runs.map(({ p50 }) => p50) },
      { ...of, metric: '-p99', unit: 'ms', values: runs.map(({ p99 }) => p99) },
    ];
  });
  return { measurements, problems };
}

function isStepped({ form }: ServingWorkload): boolean {
  return form === 'sequences' || form === 'steps';
}

function isAble(name: ServerName, workload: ServingWorkload): boolean {
  if (isStepped(workload)) return name === 'onda';
  return name !== 'mlserver' || workload.form !== 'http-binary';
}

function runWorkload(
  { form, connections }: ServingWorkload,
  server: Server,
  seconds: number,
): Promise<LoadResult> {
  if (form === 'sequences') return runSequences(server.grpc, connections, seconds);
  if (form === 'steps') return runSteps(server.grpc, connections, seconds);
  return runLoad(server, form, connections, seconds);
}

/** float32 of one ONNX Runtime version in Node and in Python: another build of its matrix product may add in another order. */
const ATOL = 1e-5;

/** The first value of `y` of each server over both transports, compared with the first server's over HTTP. */
async function compareAnswers(servers: ReadonlyMap<ServerName, Server>): Promise<Agreement[]> {
  const [first] = servers.keys();
  let expected = NaN;
  const agreements: Agreement[] = [];
  for (const [subject, server] of servers) {
    const answers = { http: await httpAnswer(server), grpc: await grpcAnswer(server) };
    if (subject === first) expected = answers.http;
    for (const [workload, value] of Object.entries(answers)) {
      const difference = Math.abs(value - expected);
      agreements.push({
        ...{ workload, subject, reference: `${first} over http`, compared: 1, difference, allowed: ATOL },
        note: `y ${value}`,
      });
    }
  }
  return agreements;
}

async function httpAnswer({ http }: Server): Promise<number> {
  const { bytes, headers } = jsonBody();
  const response = await fetch(`${http}/v2/models/${model}/infer`, {
    method: 'POST',
    headers,
    body: new Uint8Array(bytes),
  });
  const { outputs } = (await response.json()) as { outputs?: { name: string; data: number[] }[] };
  return outputs?.find(({ name }) => name === 'y')?.data.flat(3)[0] ?? NaN;
}

interface GrpcReply {
  outputs: { name: string; contents: { fp32_contents: number[] } | null }[];
  raw_output_contents: Buffer[];
}

function grpcAnswer({ grpc }: Server): Promise<number> {
  const client = new Client(grpc, credentials.createInsecure());
  const { path: route, requestSerialize, responseDeserialize } = inferenceService()['ModelInfer'];
  return new Promise<number>((resolve, reject) => {
    client.makeUnaryRequest(route, requestSerialize, responseDeserialize, grpcRequest, (error, reply) => {
      if (error) {
        reject(error);
        return;
      }
      const { outputs, raw_output_contents: raw } = reply as GrpcReply;
      const index = outputs.findIndex(({ name }) => name === 'y');
      // MLServer answers in the output itself instead of the raw contents.
      resolve(
        raw.length > index ? raw[index].readFloatLE() : (outputs[index].contents?.fp32_contents[0] ?? NaN),
      );
    });
  }).finally(() => {
    client.close();
  });
}

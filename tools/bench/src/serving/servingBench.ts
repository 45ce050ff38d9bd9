import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import type { BenchCall, BenchResult } from '../bench.ts';
import { otherCores, readCpuTicks } from '../otherWork.ts';
import { processFamily } from '../processFamily.ts';
import { answerProblem, answersOf } from './checkAnswers.ts';
import { loadTable, peerTable, servingRows } from './figures.ts';
import type { Measured } from './figures.ts';
import { checkLoadMakers } from './checkLoadMakers.ts';
import { runH2load } from './h2load.ts';
import { parseLoad, usualLoads } from './load.ts';
import type { Load } from './load.ts';
import type { LoadResult } from './loadResult.ts';
import { binaryBody, grpcRequest, inferenceService, jsonBody, model } from './requests.ts';
import type { ServerProcess } from './serverProcess.ts';
import { servingGoals } from './servingGoals.ts';
import { isAble, leftOut, parseServingSystem, startSystem, systemNames } from './systems.ts';
import { runSequences } from './sequenceStreams.ts';
import { runSteps } from './stepStreams.ts';
import type { SystemName } from './systems.ts';
import { runWrk } from './wrk.ts';

const plans = { usual: { rounds: 3, seconds: 4 }, quick: { rounds: 1, seconds: 1 } };
const quickLoads = ['http-json-16', 'http-binary-16', 'grpc-16', 'sequences-1000', 'steps-1000'];

/** Before the first round, so that code is compiled and caches are warm. */
const WARM_SECONDS = 2;

/**
 * Requests a second and their times, one sample of the example model each, of Onda with all its checks, Triton with its Python
 * backend and MLServer, the last two on Python's ONNX Runtime with the same file: in turn, by the same load maker.
 */
export async function servingBench(call: BenchCall): Promise<BenchResult> {
  const loads = (call.works ?? (call.quick ? quickLoads : usualLoads)).map(parseLoad);
  const names = (call.systems ?? systemNames).map(parseServingSystem);
  await checkLoadMakers('serving', [
    'wrk',
    ...(loads.some(({ form }) => form === 'grpc') ? (['h2load'] as const) : []),
  ]);
  const plan = call.quick ? plans.quick : plans.usual;
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-serving-'));
  const servers = new Map<SystemName, ServerProcess>();
  const missing: string[] = [];
  try {
    for (const name of names) {
      call.say(`starting ${name}`);
      const started = await startSystem(name, path.join(folder, name), call.say);
      if ('server' in started) servers.set(name, started.server);
      else missing.push(started.missing);
    }
    const problems = await checkServers(servers);
    const pids = [...servers.values()].map(({ pid }) => pid);
    const before = readCpuTicks(processFamily(pids));
    const measured: Measured[] = [];
    for (const load of loads) {
      call.say(load.name);
      const able = new Map([...servers].filter(([name]) => isAble(name, load)));
      const results = await measureLoad(load, able, call.rounds ?? plan.rounds, plan.seconds);
      measured.push({ load, results });
    }
    const starts = new Map([...servers].map(([name, { startS }]) => [name, startS]));
    const peers = peerTable(measured);
    return {
      section: 'serving',
      rows: servingRows(measured, starts),
      tables: [loadTable(measured), ...(peers ? [peers] : [])],
      notes: [
        'HTTP by wrk, gRPC by h2load, one thread each; 99 of 100 requests were answered within p99.',
        'sequences-N: N sequences whose state the service keeps, stepped a sample at a time over two gRPC streams by a client in Node; their rate is steps a second, their times those of a message, which steps the sequences of its stream. steps-N: each step is a message of its own, over the same two streams, by a client that frames HTTP/2 itself; a sequence steps again as soon as it is answered. The Python backend of Triton keeps no state, nor does MLServer.',
        ...names.flatMap((name) => leftOut[name]?.why ?? []),
        ...missing,
      ],
      picture: null,
      goals: servingGoals(measured, starts),
      problems: [...problems, ...failureProblems(measured)],
      // The load makers run to their end, so they are counted among our own; Triton's stub is a child of its server.
      otherCores: otherCores(before, readCpuTicks(processFamily(pids)), cpus().length),
    };
  } finally {
    for (const server of servers.values()) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nobody is measured at other work. */
async function checkServers(servers: ReadonlyMap<SystemName, ServerProcess>): Promise<string[]> {
  let expected: number | undefined;
  const problems: string[] = [];
  for (const [name, server] of servers) {
    const answers = await answersOf(server);
    expected ??= answers.http;
    const problem = answerProblem(name, answers, expected);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

async function measureLoad(
  load: Load,
  servers: ReadonlyMap<SystemName, ServerProcess>,
  rounds: number,
  seconds: number,
): Promise<Map<SystemName, LoadResult[]>> {
  for (const server of servers.values()) await runLoad(load, server, WARM_SECONDS);
  const results = new Map<SystemName, LoadResult[]>([...servers.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of servers) results.get(name)?.push(await runLoad(load, server, seconds));
  }
  return results;
}

function runLoad({ form, connections }: Load, server: ServerProcess, seconds: number): Promise<LoadResult> {
  if (form === 'sequences') return runSequences(server.grpc, connections, seconds);
  if (form === 'steps') return runSteps(server.grpc, connections, seconds);
  if (form === 'grpc') {
    const message = inferenceService()['ModelInfer'].requestSerialize(grpcRequest);
    return runH2load(server.grpc, message, connections, seconds);
  }
  const url = `${server.http}/v2/models/${model}/infer`;
  return runWrk(url, form === 'http-json' ? jsonBody() : binaryBody(), connections, seconds);
}

function failureProblems(measured: readonly Measured[]): string[] {
  return measured.flatMap(({ load, results }) =>
    [...results].flatMap(([name, runs]) => {
      const failures = runs.reduce((sum, run) => sum + run.failures, 0);
      return failures === 0
        ? []
        : [
            `${load.name}: expected every request of ${name} to be answered, ${failures} were not; look at its log`,
          ];
    }),
  );
}

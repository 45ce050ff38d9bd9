import { Agent, request } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRandom } from '@onda/series';
import type { Random } from '@onda/series';
import { inferRequest, post, sines } from '../support/requests.ts';
import type { InferBody } from '../support/requests.ts';
import type { ServiceProcess } from '../support/service.ts';
import { GrpcFuzzer } from './grpcRequests.ts';
import type { GrpcEnd } from './grpcRequests.ts';
import { oddHttpRequest } from './httpRequests.ts';
import type { HttpRequest } from './httpRequests.ts';
import { sendHttp2 } from './http2Requests.ts';
import { sendRaw } from './rawRequests.ts';

export interface FuzzReport {
  requests: number;
  /** How many ended so: `http 400`, `raw 408`, `grpc 3`. */
  ends: Record<string, number>;
  /** What must not be: an answer that is none of the documented ones, a wrong value, a stack. */
  problems: string[];
  /** Resident memory of the service after the first fifth of the requests, and at the end, mebibytes. */
  memory: { early: number; late: number };
}

/** Concurrent requests: the service must keep them separate. */
const AT_A_TIME = 8;

/** How long an answer to a request that is whole may take, milliseconds. */
const PATIENCE_MS = 20_000;

const NO_ANSWER = -1;

/** Sends malformed requests and checks the service: its responses, its values, its memory. */
export async function fuzz(service: ServiceProcess, requests: number, seed: number): Promise<FuzzReport> {
  const report: FuzzReport = { requests, ends: {}, problems: [], memory: { early: 0, late: 0 } };
  const agent = new Agent({ keepAlive: true, maxSockets: AT_A_TIME });
  const grpc = new GrpcFuzzer(service.ready.grpc ?? '');
  const expected = await values(service);
  let sent = 0;
  const worker = async (stream: number): Promise<void> => {
    const random = createRandom(seed + stream);
    while (sent < requests && service.process.exitCode === null) {
      sent++;
      await sendOne(random, { service, agent, grpc }, report);
      if (sent === Math.floor(requests / 5)) report.memory.early = await residentMebibytes(service);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, (_, stream) => worker(stream)));
  if (service.process.exitCode !== null) report.problems.push(`the service ended: ${service.stderr()}`);
  else {
    report.memory.late = await residentMebibytes(service);
    if ((await values(service)) !== expected) report.problems.push('the values of a right request changed');
    if (service.stderr().includes('    at ')) report.problems.push(`a defect: ${service.stderr()}`);
  }
  agent.destroy();
  grpc.close();
  return report;
}

interface Targets {
  service: ServiceProcess;
  agent: Agent;
  grpc: GrpcFuzzer;
}

async function sendOne(random: Random, { service, agent, grpc }: Targets, report: FuzzReport): Promise<void> {
  const count = (end: string): void => {
    report.ends[end] = (report.ends[end] ?? 0) + 1;
  };
  const kind = random.int(20);
  if (kind < 12) {
    const odd = oddHttpRequest(random);
    const { status, body } = await sendHttp(service.url, agent, odd);
    count(`http ${status}`);
    const problem = httpProblem(odd, status, body);
    if (problem !== undefined)
      report.problems.push(`${odd.method} ${odd.path} ${odd.body.toString().slice(0, 500)}: ${problem}`);
  } else if (kind < 18) {
    const end = await grpc.send(random);
    count(`grpc ${end.code}`);
    if (!isDocumented(end)) report.problems.push(`gRPC: code ${end.code}: ${end.details}`);
  } else if (kind < 19) {
    count('http2');
    const port = Number(new URL(`http://${service.ready.grpc ?? ''}`).port);
    for (const problem of await sendHttp2(port, random)) report.problems.push(`HTTP/2: ${problem}`);
  } else {
    const statuses = await sendRaw(service.port, random);
    for (const status of statuses) {
      count(`raw ${status}`);
      if (status >= 500 && status !== 503) report.problems.push(`raw bytes: status ${status}`);
    }
  }
}

function httpProblem({ method }: HttpRequest, status: number, body: string): string | undefined {
  if (status === NO_ANSWER) return 'no answer came';
  if (status >= 500 && status !== 503) return `status ${status}: ${body}`;
  if (status < 400 || status === 417 || method === 'HEAD') return undefined;
  return /^\{"error":".+"\}$/s.test(body)
    ? undefined
    : `status ${status} without a sentence: ${body.slice(0, 200)}`;
}

/** 4 is a timeout, 2 an unexpected failure, 13 a defect. */
function isDocumented({ code }: GrpcEnd): boolean {
  return ![2, 4, 13].includes(code);
}

/** Status 0: the service ended the connection, as it may after bytes that are not HTTP. */
function sendHttp(
  url: string,
  agent: Agent,
  { method, path, headers, body }: HttpRequest,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const call = request(url, { method, path, headers, agent, timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('close', () => {
        resolve({ status: response.statusCode ?? 0, body: text });
      });
    });
    call.on('error', () => {
      resolve({ status: 0, body: '' });
    });
    call.on('timeout', () => {
      resolve({ status: NO_ANSWER, body: '' });
      call.destroy();
    });
    call.end(body);
  });
}

async function values({ url }: ServiceProcess): Promise<string> {
  const answer = await post<InferBody>(`${url}/v2/models/lagged-sine/infer`, inferRequest(sines(20)));
  return JSON.stringify(answer.body.outputs);
}

async function residentMebibytes(service: ServiceProcess): Promise<number> {
  const status = await readFile(`/proc/${String(service.process.pid)}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, status as codes } from '@grpc/grpc-js';
import { isRefusal } from '../rates/timedAnswers.ts';
import { grpcRequest, inferenceService, jsonBody, model } from '../serving/requests.ts';
import type { ServerProcess } from '../serving/serverProcess.ts';

/** How single requests beside the load ended. */
export interface Probed {
  /** By HTTP's status and gRPC's code, such as `http 200` and `grpc UNAVAILABLE`. */
  ends: Map<string, number>;
  /** Those that were answered, and those that were told to come again. */
  answered: number;
  refused: number;
  /** Refusals over HTTP that do not say when to come again. */
  withoutRetryAfter: number;
}

const EVERY_MS = 50;

const answeredEnds = new Set(['http 200', 'grpc OK']);

/** As the service refuses whom it does not let in. */
const refusedEnds = new Set(['http 503', 'grpc UNAVAILABLE']);

/** Asks over both transports, one request at a time, until the work is done: what a load maker does not look at. */
export async function probedWhile<Result>(
  server: ServerProcess,
  work: () => Promise<Result>,
): Promise<{ result: Result; probed: Probed }> {
  const probed: Probed = { ends: new Map(), answered: 0, refused: 0, withoutRetryAfter: 0 };
  const client = new Client(server.grpc, credentials.createInsecure());
  let done = false;
  const every = async (ask: () => Promise<string>): Promise<void> => {
    while (!done) {
      const end = await ask();
      probed.ends.set(end, (probed.ends.get(end) ?? 0) + 1);
      if (answeredEnds.has(end)) probed.answered++;
      if (refusedEnds.has(end)) probed.refused++;
      await sleep(EVERY_MS);
    }
  };
  const probes = [every(() => askHttp(server, probed)), every(() => askGrpc(client))];
  try {
    const result = await work();
    done = true;
    await Promise.all(probes);
    return { result, probed };
  } finally {
    done = true;
    client.close();
  }
}

async function askHttp(server: ServerProcess, probed: Probed): Promise<string> {
  const { bytes, headers } = jsonBody();
  try {
    const response = await fetch(`${server.http}/v2/models/${model}/infer`, {
      method: 'POST',
      headers,
      body: new Uint8Array(bytes),
    });
    await response.arrayBuffer();
    const refused = isRefusal(response.status);
    if (refused && !response.headers.has('retry-after')) probed.withoutRetryAfter++;
    return `http ${response.status}`;
  } catch {
    return 'http without an answer';
  }
}

function askGrpc(client: Client): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = inferenceService()['ModelInfer'];
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, grpcRequest, (error) => {
      resolve(`grpc ${codes[error?.code ?? codes.OK]}`);
    });
  });
}

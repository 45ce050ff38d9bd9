import type { ServerProcess } from '../serving/serverProcess.ts';
import { runRateLoad } from './rateLoad.ts';
import { runSteadySteps } from './steadySteps.ts';
import type { TimedAnswers } from './timedAnswers.ts';

/** What a service is asked by several kinds of clients at a time; shares of the whole rate. */
const mix = [
  { form: 'http-json', share: 0.4, connections: 32 },
  { form: 'http-binary', share: 0.2, connections: 16 },
  { form: 'grpc', share: 0.2, connections: 8 },
] as const;

/** Live sequences, stepped over a stream. */
const stepped = { share: 0.2, sequences: 500, length: 200 };

export const mixText =
  '40 % HTTP in JSON, 20 % HTTP in binary, 20 % unary gRPC, 20 % steps of 500 live sequences over a gRPC stream, each of 200 steps';

/** What each load is, in their order. */
export const mixNames = ['HTTP in JSON', 'HTTP in binary', 'unary gRPC', 'steps of live sequences'] as const;

/** Asks at a rate that the kinds of requests share. */
export async function runMixedLoad(
  server: ServerProcess,
  rate: number,
  seconds: number,
): Promise<TimedAnswers[]> {
  // Reading one's log takes a processor, and the others may still be asking.
  let asking = mixNames.length;
  let tellAll = (): void => undefined;
  const all = new Promise<void>((resolve) => (tellAll = resolve));
  const ended = (): Promise<void> => {
    if (--asking === 0) tellAll();
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

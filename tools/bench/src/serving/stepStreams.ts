import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Stream } from 'node:http2';
import { ResultError } from '@onda/contract';
import { FrameReader, readAnswer } from './grpcFrames.ts';
import { percentile } from './loadResult.ts';
import type { LoadResult } from './loadResult.ts';
import { openStepStream, stepFrames } from './stepFrames.ts';
import type { StepKind } from './stepFrames.ts';

/** Streams that the sequences are shared out to, as in sequenceStreams.ts. */
const STREAMS = 2;

type Step = readonly [id: string, step: StepKind];

/** Bytes that may be under way to this client before it says that it has read them. */
const WINDOW = 1 << 24;

/**
 * Steps sequences whose state the service keeps, each step in a message of its own, as one client that steps many sequences does with
 * ModelStreamInfer: a sequence takes its next step as soon as it is answered.
 *
 * Frames are written and read here, so that the client does not take the service's share of the processors.
 *
 * @returns steps a second of all sequences, and their times
 */
export async function runSteps(address: string, sequences: number, seconds: number): Promise<LoadResult> {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: WINDOW } });
  const times: number[] = [];
  let failures = 0;
  const since = performance.now();
  const until = since + seconds * 1000;
  const walk = (stream: ClientHttp2Stream, ids: readonly number[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const messages = new Map(ids.map((id) => [String(id), stepFrames(id)]));
      const sent = new Map<string, number>();
      const ending = new Set<string>();
      let left = ids.length;
      const reader = new FrameReader();
      const send = (steps: readonly Step[]): void => {
        for (const [id] of steps) sent.set(id, performance.now());
        // One write: each costs as much as a message.
        const frames = steps.flatMap(([id, step]) => messages.get(id)?.[step] ?? []);
        if (frames.length > 0) stream.write(Buffer.concat(frames));
      };
      /** The sequence's next step; undefined after its last. */
      const next = (answer: Buffer, now: number): Step | undefined => {
        const { id, failed } = readAnswer(answer);
        if (failed) failures++;
        else times.push(now - (sent.get(id) ?? NaN));
        if (failed || ending.has(id)) {
          left--;
          return undefined;
        }
        if (now >= until) ending.add(id);
        return [id, ending.has(id) ? 'end' : 'goOn'];
      };
      stream.on('error', reject);
      stream.on('close', resolve);
      stream.on('data', (part: Buffer) => {
        const now = performance.now();
        send(reader.read(part).flatMap((answer) => [next(answer, now)].filter((step) => step !== undefined)));
        if (left === 0 && !stream.writableEnded) stream.end();
      });
      send([...messages.keys()].map((id) => [id, 'start']));
    });
  try {
    await once(session, 'connect');
    session.setLocalWindowSize(WINDOW);
    const streams = Math.min(STREAMS, sequences);
    const ids = Array.from({ length: sequences }, (_, index) => index + 1);
    const walks = Array.from({ length: streams }, (_, index) =>
      walk(
        openStepStream(session),
        ids.filter((id) => id % streams === index),
      ),
    );
    await Promise.all(walks);
  } finally {
    session.close();
  }
  if (times.length === 0)
    throw new ResultError(`the service answered no step of ${failures} that were sent; see its log`);
  const rate = (times.length / (performance.now() - since)) * 1000;
  times.sort((a, b) => a - b);
  return { rate, p50: percentile(times, 0.5), p99: percentile(times, 0.99), failures };
}

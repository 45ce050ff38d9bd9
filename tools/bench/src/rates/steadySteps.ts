import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameReader, readAnswer } from '../serving/grpcFrames.ts';
import { openStepStream, stepFrames } from '../serving/stepFrames.ts';
import type { StepKind } from '../serving/stepFrames.ts';
import type { TimedAnswers } from './timedAnswers.ts';

/** Live sequences that are stepped at a fixed rate, in turn, each by messages of its own over one gRPC stream. */
export interface SteadySteps {
  sequences: number;
  /** Steps a second of all of them. */
  rate: number;
  seconds: number;
  /** After so many steps a sequence is ended, and another begun in its place. */
  length: number;
}

/** Between two looks at the schedule, milliseconds. */
const TICK_MS = 2;

/** How long the last answers are waited for. */
const LAST_MS = 10_000;

/** A place that one sequence after the other takes. */
interface Place {
  id: string;
  frames: Record<StepKind, Buffer>;
  steps: number;
}

/** No two runs of a process step the same sequence. */
let lastId = 0;

function nextSequence(steps: number): Place {
  lastId++;
  return { id: String(lastId), frames: stepFrames(lastId), steps };
}

const now = (): number => performance.timeOrigin + performance.now();

/**
 * Steps by the schedule, whatever the answers do.
 *
 * @param address of gRPC
 */
export async function runSteadySteps(
  address: string,
  { sequences, rate, seconds, length }: SteadySteps,
): Promise<TimedAnswers> {
  const total = Math.round(rate * seconds);
  const answers = {
    atMs: new Float64Array(total),
    tookMs: new Float64Array(total),
    status: new Uint16Array(total),
  };
  const session = connect(`http://${address}`);
  const failure = once(session, 'error').then(([error]: unknown[]) => {
    throw error;
  });
  try {
    await Promise.race([once(session, 'connect'), failure]);
    const stream = openStepStream(session);
    const waiting = readAnswers(stream, answers);
    // Not all of them end at the same time.
    const places = Array.from({ length: sequences }, (_, place) =>
      nextSequence(-Math.floor((place / sequences) * length)),
    );
    const begun = new Set<Place>();
    const frameOfStep = (step: number): Buffer => {
      const index = step % sequences;
      const place = places[index];
      const kind = !begun.has(place) ? 'start' : ++place.steps >= length ? 'end' : 'goOn';
      begun.add(place);
      waiting.set(place.id, [...(waiting.get(place.id) ?? []), step]);
      if (kind === 'end') {
        begun.delete(place);
        places[index] = nextSequence(0);
      }
      return place.frames[kind];
    };
    const send = async (): Promise<void> => {
      const since = now();
      for (let step = 0; step < total;) {
        const due = Math.min(total, Math.floor(((now() - since) / 1000) * rate) + 1);
        const frames: Buffer[] = [];
        for (; step < due; step++) {
          answers.atMs[step] = since + (step * 1000) / rate;
          frames.push(frameOfStep(step));
        }
        // One write: each costs as much as a message.
        if (frames.length > 0) stream.write(Buffer.concat(frames));
        await sleep(TICK_MS);
      }
      // The service ends the stream when it has answered all, the ends of those that live among them.
      const closed = once(stream, 'close');
      stream.end(Buffer.concat([...begun].map(({ frames }) => frames.end)));
      await Promise.race([closed, sleep(LAST_MS)]);
    };
    await Promise.race([send(), failure]);
  } finally {
    failure.catch(() => undefined);
    session.destroy();
  }
  return answers;
}

/** @returns of each sequence, which of the steps are not answered: a sequence's answers come in the order of its steps */
function readAnswers(
  stream: ClientHttp2Stream,
  { atMs, tookMs, status }: TimedAnswers,
): Map<string, number[]> {
  const waiting = new Map<string, number[]>();
  const reader = new FrameReader();
  stream.on('data', (part: Buffer) => {
    const read = now();
    for (const message of reader.read(part)) {
      const { id, failed } = readAnswer(message);
      const steps = waiting.get(id);
      const step = steps?.shift();
      if (steps?.length === 0) waiting.delete(id);
      if (step === undefined) continue;
      tookMs[step] = read - atMs[step];
      status[step] = failed ? FAILED : 200;
    }
  });
  return waiting;
}

/** A stream tells a sentence, no status. */
const FAILED = 500;

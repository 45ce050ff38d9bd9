import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResultError } from '@onda/contract';
import type { LoadResult } from './loadMakers.ts';
import { percentile } from '../report/measurement.ts';
import type { StepKind } from './requests.ts';
import { FrameReader, groupFrames, inferenceService, readAnswer, stepFrames } from './requests.ts';
import type { TimedAnswers } from './timedAnswers.ts';

/** gRPC streams of a client: while one's answer is read, the other's steps run. */
const STREAMS = 2;

/** A ModelStreamInfer stream whose frames are written and read here, which costs less than the service under measurement. */
function openStream(session: ClientHttp2Session): ClientHttp2Stream {
  return session.request(
    {
      ':method': 'POST',
      ':path': inferenceService()['ModelStreamInfer'].path,
      'content-type': 'application/grpc',
      te: 'trailers',
    },
    { endStream: false },
  );
}

/** Flow-control window of the client, bytes. */
const WINDOW = 1 << 24;

/** Sequences that are stepped together by each message, and the frames of their steps. */
interface SequenceGroup {
  id: string;
  rows: number;
  frames: Record<StepKind, Buffer>;
}

/** A message steps all sequences of its stream: their rate is steps per second, the times are those of a message. */
export function runSequences(address: string, sequences: number, seconds: number): Promise<LoadResult> {
  const streams = Math.min(STREAMS, sequences);
  const firsts = Array.from({ length: streams + 1 }, (_, at) => Math.floor((at * sequences) / streams));
  const groups = firsts.slice(0, -1).map((first, index) => {
    const rows = firsts[index + 1] - first;
    return [{ id: String(index), rows, frames: groupFrames(String(index), first + 1, rows) }];
  });
  return stepInTurn(address, groups, seconds);
}

/** A message steps one sequence. */
export function runSteps(address: string, sequences: number, seconds: number): Promise<LoadResult> {
  const ids = Array.from({ length: sequences }, (_, index) => index + 1);
  const streams = Array.from({ length: Math.min(STREAMS, sequences) }, (_, index) => index);
  const groups = streams.map((stream) =>
    ids
      .filter((id) => id % streams.length === stream)
      .map((id) => ({ id: String(id), rows: 1, frames: stepFrames(id) })),
  );
  return stepInTurn(address, groups, seconds);
}

/**
 * Steps sequences whose state the service keeps, one sample at a time: a group takes its next step as soon as the previous one is
 * answered.
 *
 * @param streams groups of each stream
 * @returns steps per second of all sequences, and the times of their messages
 */
async function stepInTurn(
  address: string,
  streams: readonly (readonly SequenceGroup[])[],
  seconds: number,
): Promise<LoadResult> {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: WINDOW } });
  const times: number[] = [];
  let steps = 0;
  let failures = 0;
  const since = performance.now();
  const until = since + seconds * 1000;
  const runStream = (members: readonly SequenceGroup[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const stream = openStream(session);
      const groups = new Map(members.map((group) => [group.id, { ...group, sent: 0, ending: false }]));
      const reader = new FrameReader();
      const send = (frames: readonly Buffer[]): void => {
        // One write: each costs as much as a message.
        if (frames.length > 0) stream.write(Buffer.concat(frames));
      };
      /** The next step of the answered group; none after its last. */
      const next = (answer: Buffer, now: number): Buffer[] => {
        const { id, failed } = readAnswer(answer);
        const group = groups.get(id);
        if (group === undefined || failed) failures++;
        else {
          times.push(now - group.sent);
          steps += group.rows;
        }
        if (group === undefined || failed || group.ending) {
          groups.delete(id);
          return [];
        }
        group.sent = now;
        group.ending = now >= until;
        return [group.frames[group.ending ? 'end' : 'middle']];
      };
      stream.on('error', reject);
      stream.on('close', resolve);
      stream.on('data', (part: Buffer) => {
        const now = performance.now();
        send(reader.read(part).flatMap((answer) => next(answer, now)));
        if (groups.size === 0 && !stream.writableEnded) stream.end();
      });
      for (const group of groups.values()) group.sent = performance.now();
      send(members.map(({ frames }) => frames.start));
    });
  try {
    await once(session, 'connect');
    session.setLocalWindowSize(WINDOW);
    await Promise.all(streams.map(runStream));
  } finally {
    session.close();
  }
  const rate = (steps / (performance.now() - since)) * 1000;
  if (times.length === 0)
    throw new ResultError(
      `expected answers to steps, got none and ${failures} failures; see the service's log`,
    );
  times.sort((a, b) => a - b);
  return { rate, p50: percentile(times, 0.5), p99: percentile(times, 0.99), failures };
}

/** Live sequences stepped at a fixed rate, in turn, each by its own messages over one stream. */
export interface SteadySteps {
  sequences: number;
  /** Steps per second of all sequences. */
  rate: number;
  seconds: number;
  /** Steps of a sequence, after which another one replaces it. */
  length: number;
}

/** Interval of the schedule, and the wait for the last answers, milliseconds. */
const steady = { tickMs: 2, lastMs: 10_000 };

interface LiveSequence {
  id: string;
  frames: Record<StepKind, Buffer>;
  steps: number;
}

/** Sequence ids are unique within the process. */
let lastId = 0;

function newSequence(steps: number): LiveSequence {
  lastId++;
  return { id: String(lastId), frames: stepFrames(lastId), steps };
}

const clock = (): number => performance.timeOrigin + performance.now();

/** Sends steps on schedule, independent of their answers. */
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
    const stream = openStream(session);
    const pending = readAnswers(stream, answers);
    // Staggered, so that they do not all end at the same time.
    const live = Array.from({ length: sequences }, (_, index) =>
      newSequence(-Math.floor((index / sequences) * length)),
    );
    const started = new Set<LiveSequence>();
    const frameOfStep = (step: number): Buffer => {
      const index = step % sequences;
      const sequence = live[index];
      const kind = !started.has(sequence) ? 'start' : ++sequence.steps >= length ? 'end' : 'middle';
      started.add(sequence);
      pending.set(sequence.id, [...(pending.get(sequence.id) ?? []), step]);
      if (kind === 'end') {
        started.delete(sequence);
        live[index] = newSequence(0);
      }
      return sequence.frames[kind];
    };
    const send = async (): Promise<void> => {
      const since = clock();
      for (let step = 0; step < total;) {
        const due = Math.min(total, Math.floor(((clock() - since) / 1000) * rate) + 1);
        const frames: Buffer[] = [];
        for (; step < due; step++) {
          answers.atMs[step] = since + (step * 1000) / rate;
          frames.push(frameOfStep(step));
        }
        if (frames.length > 0) stream.write(Buffer.concat(frames));
        await sleep(steady.tickMs);
      }
      // The service closes the stream after its last answer.
      const closed = once(stream, 'close');
      stream.end(Buffer.concat([...started].map(({ frames }) => frames.end)));
      await Promise.race([closed, sleep(steady.lastMs)]);
    };
    await Promise.race([send(), failure]);
  } finally {
    failure.catch(() => undefined);
    session.destroy();
  }
  return answers;
}

/** Records answers; returns the unanswered steps of each sequence, whose answers come in order. */
function readAnswers(
  stream: ClientHttp2Stream,
  { atMs, tookMs, status }: TimedAnswers,
): Map<string, number[]> {
  const pending = new Map<string, number[]>();
  const reader = new FrameReader();
  stream.on('data', (part: Buffer) => {
    const now = clock();
    for (const message of reader.read(part)) {
      const { id, failed } = readAnswer(message);
      const steps = pending.get(id);
      const step = steps?.shift();
      if (steps?.length === 0) pending.delete(id);
      if (step === undefined) continue;
      tookMs[step] = now - atMs[step];
      // A stream's error has a message, no status.
      status[step] = failed ? 500 : 200;
    }
  });
  return pending;
}

import { ProtocolError } from '@onda/protocol';
import { answerBytes } from './byteBudget.ts';
import type { RedisLink } from './redisLink.ts';
import { reasons } from './sequenceErrors.ts';
import { clientOfKey, countsOf } from './sequenceStore.ts';
import type {
  Change,
  EndedSequence,
  LastStep,
  LiveSequence,
  SequenceCounts,
  SequenceLimits,
  SequenceStore,
  Swap,
} from './sequenceStore.ts';
import { packTensors, unpackTensors } from './tensorPack.ts';

/** Maximum bytes of a kept response: Redis is blocked while it reads or writes one. */
const MOST_ANSWER_BYTES = 1024 * 1024;

/**
 * The sequences of one model in Redis: any process that serves the same file can run any step.
 *
 * If two processes step a sequence at the same time, both run the model and one write succeeds; the other gets a conflict.
 */
export class RedisState implements SequenceStore {
  limits: SequenceLimits;
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #counts = new Map<string, SequenceCounts>();

  /** @param name of the model */
  constructor(link: RedisLink, name: string, limits: SequenceLimits) {
    this.#link = link;
    this.#prefix = `onda:{${name}}`;
    this.limits = limits;
  }

  get failures(): number {
    return this.#link.failures;
  }

  counts(version: string): SequenceCounts {
    return countsOf(this.#counts, version);
  }

  async find(key: string, step: number | undefined): Promise<LiveSequence | EndedSequence | undefined> {
    const found = await this.#link.call((redis) => redis.ondaFindBuffer(1, this.#sequence(key), step ?? 0));
    if (found.length === 0) return undefined;
    const [versionText, stepsText, samplesText, row, packed, why, left, age] = found;
    const [version, steps, samples] = [versionText.toString(), Number(stepsText), Number(samplesText)];
    const last = packed.length === 0 ? undefined : unpackLast(packed, steps, samples);
    const expiresInMs = Number(left);
    if (why.length > 0) return { kind: 'ended', version, why: why.toString(), last };
    if (expiresInMs <= 0) return { kind: 'ended', version, why: this.#whyExpired(Number(age)), last };
    // Copied, since words need an aligned offset. A row of another length has another layout.
    const words = new Int32Array(Uint8Array.from(row).buffer, 0, row.length >> 2);
    return { kind: 'live', version, row: words, steps, samples, last, expiresInMs };
  }

  pin(): void {
    // A process cannot pin for others: `compareAndSwap` finds out.
  }

  unpin(): void {
    // As above.
  }

  async compareAndSwap(key: string, change: Change): Promise<Swap> {
    const { most, idleMs, ageMs, mostOfClient = 0 } = this.limits;
    const { expectedSteps, expectedVersion, version, steps, samples, row, last, end } = change;
    const answer = packLast(last);
    const bytes = Buffer.from(
      Uint8Array.from(new Uint8Array(row.buffer, row.byteOffset, row.byteLength)).buffer,
    );
    const [kind, left, expired] = await this.#link.call((redis) =>
      redis.ondaSwap(
        5,
        this.#sequence(key),
        `${this.#prefix}:live`,
        this.#liveOn(version),
        this.#liveOn(expectedVersion),
        `${this.#prefix}:client:${clientOfKey(key)}`,
        key,
        expectedSteps,
        expectedVersion,
        version,
        steps,
        samples,
        bytes,
        answer,
        end ? reasons.ended : '',
        most,
        idleMs,
        ageMs,
        mostOfClient,
      ),
    );
    const counts = this.counts(version);
    counts.expired += expired;
    if (kind === 'full' || kind === 'share') return { kind: 'full', ofClient: kind === 'share' };
    if (kind !== 'done') return { kind: 'conflict' };
    if (expectedSteps === 0 || expectedVersion !== version) counts.started++;
    if (end) counts.ended++;
    return { kind: 'done', expiresInMs: end ? undefined : left };
  }

  sweep(): void {
    for (const version of this.#counts.keys()) void this.count(version);
  }

  async count(version: string): Promise<number> {
    const counts = this.counts(version);
    try {
      const [live, expired] = await this.#link.call((redis) =>
        redis.ondaSweep(2, `${this.#prefix}:live`, this.#liveOn(version)),
      );
      counts.live = live;
      counts.expired += expired;
      return live;
    } catch {
      // The next sweep tries again, and a client that steps a sequence gets the error.
      return Infinity;
    }
  }

  #sequence(key: string): string {
    return `${this.#prefix}:sequence:${key}`;
  }

  #liveOn(version: string): string {
    return `${this.#prefix}:live:${version}`;
  }

  #whyExpired(ageMs: number): string {
    const { idleMs, ageMs: most } = this.limits;
    return ageMs >= most ? reasons.old(most) : reasons.idle(idleMs);
  }
}

const [FED, ANSWERED] = ['<', '>'];

/**
 * Packs inputs and outputs of a step; the record has the step's number.
 *
 * @throws ProtocolError 413 if the response exceeds the limit
 */
function packLast(last: LastStep | undefined): Buffer | string {
  if (last === undefined) return '';
  const bytes = answerBytes(last);
  if (bytes > MOST_ANSWER_BYTES) {
    throw new ProtocolError(
      'too-large',
      `sequence_step: expected a numbered step of at most ${MOST_ANSWER_BYTES} bytes in and out, since its response is kept for a retry, got ${bytes}; send fewer samples per step, or omit sequence_step`,
    );
  }
  const all = [
    ...Object.entries(last.inputs).map(([name, tensor]) => [FED + name, tensor]),
    ...Object.entries(last.tensors).map(([name, tensor]) => [ANSWERED + name, tensor]),
  ];
  return Buffer.from(packTensors(Object.fromEntries(all) as Parameters<typeof packTensors>[0]));
}

function unpackLast(packed: Uint8Array, step: number, samples: number): LastStep {
  const all = Object.entries(unpackTensors(packed));
  const marked = (mark: string): LastStep['inputs'] =>
    Object.fromEntries(
      all.flatMap(([name, tensor]) => (name.startsWith(mark) ? [[name.slice(1), tensor]] : [])),
    );
  return { step, samples, inputs: marked(FED), tensors: marked(ANSWERED) };
}

import { clientOfId } from '../sequenceScope.ts';
import { reasons } from '../sequenceErrors.ts';
import type {
  Change,
  GoneSequence,
  Kept,
  LastStep,
  LiveSequence,
  SequenceLimits,
  SequenceState,
} from '../sequenceState.ts';
import { packTensors, unpackTensors } from '../tensorPack.ts';
import type { RedisLink } from './redisLink.ts';

/** What a model's keys begin with. */
export function keyPrefix(name: string, version: string, fileHash: string): string {
  return `onda:{${name}/${version}/${fileHash.slice(0, 12)}}`;
}

/**
 * The sequences of one model, in Redis: any process that serves the same file takes any step.
 *
 * Two processes that step a sequence at once both run the model, and one of them keeps its change; the other is told that the
 * sequence has moved.
 */
export class RedisState implements SequenceState {
  readonly limits: SequenceLimits;
  size = 0;
  started = 0;
  ended = 0;
  expired = 0;
  readonly #link: RedisLink;
  readonly #prefix: string;

  /** @param prefix of its keys, from `keyPrefix` */
  constructor(link: RedisLink, prefix: string, limits: SequenceLimits) {
    this.#link = link;
    this.#prefix = prefix;
    this.limits = limits;
  }

  get failures(): number {
    return this.#link.failures;
  }

  async find(id: string): Promise<LiveSequence | GoneSequence | undefined> {
    const found = await this.#link.call((redis) => redis.ondaFindBuffer(1, this.#key(id)));
    if (found.length === 0) return undefined;
    const [steps, samples, row, packed, why, left, age] = found;
    const last = packed.length === 0 ? undefined : readLast(packed, Number(steps), Number(samples));
    const expiresInMs = Number(left);
    if (why.length > 0) return { kind: 'gone', why: why.toString(), last };
    if (expiresInMs <= 0) return { kind: 'gone', why: this.#whyForgotten(Number(age)), last };
    // Copied: words need a place that their size divides.
    const words = new Int32Array(Uint8Array.from(row).buffer);
    return { kind: 'live', row: words, steps: Number(steps), samples: Number(samples), last, expiresInMs };
  }

  hold(): void {
    // What one process does is nothing to the others: `keep` finds out.
  }

  letGo(): void {
    // As above.
  }

  async keep(id: string, change: Change): Promise<Kept> {
    const { most, idleMs, ageMs, mostOfClient = 0 } = this.limits;
    const { expected, steps, samples, row, last, end } = change;
    const bytes = Buffer.from(
      Uint8Array.from(new Uint8Array(row.buffer, row.byteOffset, row.byteLength)).buffer,
    );
    const [kind, left, expired] = await this.#link.call((redis) =>
      redis.ondaKeep(
        3,
        this.#key(id),
        this.#liveKey,
        `${this.#prefix}:client:${clientOfId(id)}`,
        id,
        expected,
        steps,
        samples,
        bytes,
        last ? Buffer.from(packLast(last)) : '',
        end ? reasons.ended : '',
        most,
        idleMs,
        ageMs,
        mostOfClient,
      ),
    );
    this.expired += expired;
    if (kind === 'full' || kind === 'share') return { kind: 'full', ofClient: kind === 'share' };
    if (kind !== 'kept') return { kind: 'moved' };
    if (expected === 0) this.started++;
    if (end) this.ended++;
    return { kind: 'kept', expiresInMs: end ? undefined : left };
  }

  sweep(): void {
    void this.count();
  }

  async count(): Promise<number> {
    try {
      const [live, expired] = await this.#link.call((redis) => redis.ondaSweep(1, this.#liveKey));
      this.size = live;
      this.expired += expired;
      return live;
    } catch {
      // It is tried again soon, and whoever steps a sequence hears of it.
      return Infinity;
    }
  }

  #key(id: string): string {
    return `${this.#prefix}:sequence:${id}`;
  }

  get #liveKey(): string {
    return `${this.#prefix}:live`;
  }

  #whyForgotten(ageMs: number): string {
    const { idleMs, ageMs: most } = this.limits;
    return ageMs >= most ? reasons.old(most) : reasons.idle(idleMs);
  }
}

const [FED, GIVEN] = ['<', '>'];

/** Both kinds of tensors of a step in one; the step itself is the sequence's. */
function packLast({ inputs, tensors }: LastStep): Uint8Array {
  const all = [
    ...Object.entries(inputs).map(([name, tensor]) => [FED + name, tensor]),
    ...Object.entries(tensors).map(([name, tensor]) => [GIVEN + name, tensor]),
  ];
  return packTensors(Object.fromEntries(all) as Parameters<typeof packTensors>[0]);
}

function readLast(packed: Uint8Array, step: number, samples: number): LastStep {
  const all = Object.entries(unpackTensors(packed));
  const those = (mark: string): LastStep['inputs'] =>
    Object.fromEntries(
      all.flatMap(([name, tensor]) => (name.startsWith(mark) ? [[name.slice(1), tensor]] : [])),
    );
  return { step, samples, inputs: those(FED), tensors: those(GIVEN) };
}

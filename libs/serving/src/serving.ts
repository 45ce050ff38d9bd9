import type { Runtime } from '@onda/runtime';
import type { BatchOptions } from './batcher.ts';
import { generateAll, generatePieces, planGeneration } from './generation/generation.ts';
import type { GenerateCall } from './generation/generation.ts';
import { Semaphore } from './generation/semaphore.ts';
import { runInfer } from './infer.ts';
import type { InferCall } from './infer.ts';
import { limits } from './limits.ts';
import { ModelBudget } from './models/loadVersion.ts';
import { ModelRepository } from './models/modelRepository.ts';
import { RepositoryLoader } from './models/repositoryLoader.ts';
import type { RepositoryControl, RepositoryOptions } from './models/repositoryLoader.ts';
import { countRequest, modelStatistics } from './modelStats.ts';
import type { ModelStatistics } from './modelStats.ts';
import { openStores } from './sequences/openStore.ts';
import type { SequenceStores, StoreStatus } from './sequences/openStore.ts';
import { exportSequence, importSequence } from './sequences/sequenceDocument.ts';
import type { SequenceCall } from './sequences/sequenceDocument.ts';
import type { SequenceLimits } from './sequences/sequenceStore.ts';
import { setSerialInterval } from './setSerialInterval.ts';

export interface ServingOptions {
  /** Folder of a Triton model repository. */
  readonly folder: string;
  /** Runs the models; `close` does not close it. */
  readonly runtime: Runtime;
  /** Workers of the runtime. */
  readonly workers: number;
  readonly batching: BatchOptions;
  readonly sequences: SequenceLimits;
  /** Sequence store: `memory`, or a URL of Redis. */
  readonly store: string;
  readonly repository: RepositoryOptions;
  /** Called with a sentence for each model that did not load, and when the connection to the store is lost or restored. */
  readonly onWarning: (text: string) => void;
  /** Called with a sentence for each change of the served models. */
  readonly onChange: (text: string) => void;
}

/** How often expired sequences are removed, and unused versions released, milliseconds. */
const SWEEP_MS = 1_000;

/**
 * Loads the models of a folder.
 *
 * @throws ConfigError, ModelError, MissingError; then nothing stays open
 */
export async function openServing(options: ServingOptions): Promise<Serving> {
  const { folder, runtime, batching, sequences, onWarning, onChange } = options;
  const stores = await openStores(options.store, onWarning);
  const repository = new ModelRepository();
  const { control, wanted, pollMs, maxBytes, operators } = options.repository;
  const loader = new RepositoryLoader(
    folder,
    repository,
    { runtime, options: { batching, sequences }, budget: new ModelBudget(maxBytes), operators },
    stores,
    { onWarning, onChange },
  );
  try {
    await loader.open(control, wanted);
  } catch (error) {
    await stores.close();
    throw error;
  }
  const endings = [
    setSerialInterval(async () => {
      // One of each model: its versions share it.
      for (const store of new Set(repository.held.map((model) => model.sequences.store))) store.sweep();
      await loader.releaseUnused();
    }, SWEEP_MS),
  ];
  if (control === 'poll') endings.push(setSerialInterval(() => loader.poll(), pollMs));
  return new Serving(repository, loader, stores, options.workers, endings);
}

/**
 * A model service without a transport. Each operation has one entry point, which admits and counts the request; transports decode and
 * encode.
 */
export class Serving {
  readonly repository: ModelRepository;
  /** Loads and unloads models. */
  readonly control: RepositoryControl;
  /** Undefined if sequences are in memory. */
  readonly store: StoreStatus | undefined;
  readonly #stores: SequenceStores;
  /** Runs of closed loops. */
  readonly #generations: Semaphore;
  readonly #endings: readonly (() => Promise<void>)[];

  /** Use `openServing`. */
  constructor(
    repository: ModelRepository,
    control: RepositoryControl,
    stores: SequenceStores,
    workers: number,
    endings: readonly (() => Promise<void>)[] = [],
  ) {
    this.repository = repository;
    this.control = control;
    this.store = stores.status;
    this.#stores = stores;
    this.#generations = new Semaphore(workers, limits.pending);
    this.#endings = endings;
  }

  /**
   * Runs an infer request: a plain one, a step of one sequence or steps of many.
   *
   * @throws ProtocolError, ShapeError, DataError; what the session, `decode` and `encode` throw
   */
  async infer<Answer>(call: InferCall<Answer>): Promise<Answer> {
    const model = this.repository.findHeld(call.model, call.version);
    // Awaited: returning the promise from an async function would cost two more turns of the microtask queue.
    return await countRequest(model.stats, async () =>
      call.encode(await runInfer(this.repository, model, call)),
    );
  }

  /**
   * Generates the values after a prompt or a live sequence.
   *
   * @returns JSON
   * @throws ProtocolError, ShapeError, DataError
   */
  async generate(call: GenerateCall): Promise<string> {
    const model = this.repository.findHeld(call.model, call.version);
    return countRequest(model.stats, async () => {
      const plan = await planGeneration(this.repository, this.#generations, model, call);
      return generateAll(plan, (run) => this.#generations.run(call.isGone, run));
    });
  }

  /**
   * Like `generate`, in pieces.
   *
   * @param write called with the first piece, after which the request is known to be valid, and an iterator of the others, which run as they are read
   * @throws what `generate` and `write` throw
   */
  async generateStream(
    call: GenerateCall,
    write: (first: IteratorResult<string, void>, rest: AsyncGenerator<string, void>) => Promise<void>,
  ): Promise<void> {
    const model = this.repository.findHeld(call.model, call.version);
    const since = performance.now();
    await countRequest(model.stats, async () => {
      const plan = await planGeneration(this.repository, this.#generations, model, call);
      const pieces = generatePieces(plan, limits.streamPieceSamples, (run) =>
        this.#generations.run(call.isGone, run),
      );
      try {
        const first = await pieces.next();
        model.stats.firstResponse(performance.now() - since);
        await write(first, pieces);
      } finally {
        await pieces.return();
      }
    });
  }

  /** Exports a live sequence as a JSON document, to continue it elsewhere. @throws ProtocolError 400, 404, 409, 410, 503 */
  exportSequence(call: SequenceCall): Promise<string> {
    return exportSequence(this.repository, call);
  }

  /** Starts a sequence from such a document; returns its progress as JSON. @throws ProtocolError 400, 404, 409, 429, 503 */
  importSequence(call: SequenceCall, body: Uint8Array): Promise<string> {
    return importSequence(this.repository, call, body);
  }

  /** Counts of a model's sequences: live, and since the start. @throws ProtocolError 404, 503 */
  countSequences(
    name: string,
    version: string | undefined,
  ): { live: number; most: number; started: number; ended: number; expired: number } {
    const models = this.repository.findAllHeld(name, version);
    const all = [...new Set(models.map(({ sequenceCounts }) => sequenceCounts))];
    const sum = (count: 'live' | 'started' | 'ended' | 'expired'): number =>
      all.reduce((total, counts) => total + counts[count], 0);
    const { most } = models[0].sequences.store.limits;
    return {
      live: sum('live'),
      most,
      started: sum('started'),
      ended: sum('ended'),
      expired: sum('expired'),
    };
  }

  /**
   * Triton's statistics of a model's served versions, or of all models.
   *
   * @throws ProtocolError 404, 503
   */
  statistics(name?: string, version?: string): { model_stats: ModelStatistics[] } {
    const { repository } = this;
    return modelStatistics(name === undefined ? repository.served : repository.findAll(name, version));
  }

  /** Stops sweeping and polling, and closes the store. */
  async close(): Promise<void> {
    await Promise.all(this.#endings.map((end) => end()));
    await this.#stores.close();
  }
}

import { join } from 'node:path';
import { ConfigError, ModelError, quoted } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import { loadVersion, NoRoomError } from './loadVersion.ts';
import type { LoadContext, LoadedVersion } from './loadVersion.ts';
import { folderPrint, modelNames, readFolder, readVersion } from './modelFolder.ts';
import type { ModelFolder } from './modelFolder.ts';
import type { ModelRepository } from './modelRepository.ts';
import type { ServedModel } from './servedModel.ts';
import { failureText } from '../errors.ts';
import { ModelSequences } from '../sequences/modelSequences.ts';
import type { SequenceStores } from '../sequences/openStore.ts';
import type { SequenceLimits } from '../sequences/sequenceStore.ts';

/** Callbacks for the log, each called with one sentence. */
export interface LoaderEvents {
  onWarning: (text: string) => void;
  onChange: (text: string) => void;
}

/**
 * Loads the models of a repository's folder into the table of served models, and follows changes of the folder.
 *
 * A version is loaded, checked and run while the previous one is served, and replaces it at once. A version that does not load changes
 * nothing. Operations run one at a time.
 */
export class RepositoryLoader implements RepositoryControl {
  readonly #folder: string;
  readonly #repository: ModelRepository;
  readonly #context: LoadContext;
  readonly #sequences = new Map<string, ModelSequences<ServedModel>>();
  readonly #events: LoaderEvents;
  readonly #loaded = new Map<ServedModel, LoadedVersion>();
  /** Fingerprint of each folder at its last loading, successful or not. */
  readonly #prints = new Map<string, string>();
  /** Models that did not fit, with the bytes reserved at that time; they are tried again once fewer are reserved. */
  readonly #didNotFit = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();
  /** The first loading is not reported as a change. */
  #opened = false;

  constructor(
    folder: string,
    repository: ModelRepository,
    context: Omit<LoadContext, 'sequencesOf' | 'isServing'>,
    stores: Pick<SequenceStores, 'open'>,
    events: LoaderEvents,
  ) {
    this.#folder = folder;
    this.#repository = repository;
    this.#events = events;
    const { maxWaiting } = context.options.batching;
    const sequencesOf = (name: string, limits: SequenceLimits, rowSize: number): ModelSequences<ServedModel> => {
      let sequences = this.#sequences.get(name);
      if (sequences === undefined) {
        const store = stores.open(name, limits, rowSize);
        sequences = new ModelSequences(store, repository.sequenceVersions(name), maxWaiting);
        this.#sequences.set(name, sequences);
      }
      sequences.store.limits = limits;
      return sequences;
    };
    this.#context = { ...context, sequencesOf, isServing: () => this.#opened };
  }

  /**
   * The first loading; a model that does not load does not affect the others.
   *
   * @param control `explicit` loads only `wanted`
   * @throws ConfigError, ModelError if the folder does not exist, or if it is empty or nothing loads and nothing can be loaded later
   */
  open(control: ModelControl, wanted: readonly string[] = []): Promise<void> {
    return this.#serially(async () => {
      const there = await modelNames(this.#folder);
      if (there.length === 0 && control === 'none') {
        throw new ConfigError(
          `models folder ${this.#folder}: expected a folder for each model, found none; pass the parent folder of the models, or export a model into it`,
        );
      }
      const missing = wanted.find((name) => !there.includes(name));
      if (missing !== undefined) {
        throw new ConfigError(
          `model "${missing}": expected a folder of that name in ${this.#folder}, found none; correct the name`,
        );
      }
      const failures: string[] = [];
      for (const name of control === 'explicit' ? wanted : there) {
        await this.#refresh(name).catch((error: unknown) => {
          failures.push(`model "${name}" did not load: ${failureText(error)}`);
        });
      }
      this.#opened = true;
      const { served, broken } = this.#repository;
      if (control === 'none' && served.length === 0) {
        const more = broken.length > 1 ? ` (and ${broken.length - 1} more)` : '';
        throw new ModelError(`models folder ${this.#folder}: no model loads: ${broken[0].problem}${more}`);
      }
      for (const failure of failures) this.#events.onWarning(failure);
    });
  }

  /** Follows changes of the folder. Never rejects: a failure is logged, once for each change. */
  poll(): Promise<void> {
    return this.#serially(async () => {
      const there = await modelNames(this.#folder);
      for (const name of there) {
        try {
          const print = await folderPrint(join(this.#folder, name));
          if (print === this.#prints.get(name) && !this.#mayFitNow(name)) continue;
          await this.#refresh(name);
        } catch (error) {
          this.#reportFailure(name, error);
        }
      }
      for (const name of this.#prints.keys()) {
        if (!there.includes(name)) this.#takeAway(name);
      }
    }).catch((error: unknown) => {
      this.#events.onWarning(failureText(error));
    });
  }

  /** Releases unloaded versions that are no longer used. */
  async releaseUnused(): Promise<void> {
    for (const model of this.#repository.unused) {
      // Another process may have started sequences since the last sweep; a served version with the same key continues them.
      const { name, sequences, sequenceKey } = model;
      const hasSuccessor = (): boolean =>
        this.#versions(name).some((other) => other !== model && other.sequenceKey === sequenceKey);
      if (!hasSuccessor() && (await sequences.store.count(sequenceKey)) > 0) continue;
      if (!this.#repository.removeUnused(model)) continue;
      if (!hasSuccessor()) sequences.store.forget(sequenceKey);
      if (!this.#repository.knows(name)) this.#sequences.delete(name);
      const loaded = this.#loaded.get(model);
      this.#loaded.delete(model);
      await loaded?.release();
    }
  }

  async index(readyOnly = false): Promise<readonly IndexEntry[]> {
    const there = await modelNames(this.#folder);
    const { served } = this.#repository;
    const names = [...new Set([...there, ...served.map(({ name }) => name)])].sort();
    const entries = names.flatMap((name): IndexEntry[] => {
      const reason = this.#repository.problem(name) ?? '';
      const versions = served.filter((model) => model.name === name);
      if (versions.length > 0) {
        return versions.map(({ version }) => ({ name, version, state: 'READY', reason }));
      }
      // As in Triton, a model that was never loaded has no state.
      return [{ name, version: '', state: reason === '' ? '' : 'UNAVAILABLE', reason }];
    });
    return readyOnly ? entries.filter(({ state }) => state === 'READY') : entries;
  }

  load(name: string): Promise<void> {
    return this.#serially(async () => {
      if (!(await modelNames(this.#folder)).includes(name)) {
        throw new ProtocolError(
          'not-found',
          `model ${quoted(name)}: the repository has no such folder; add the model first`,
        );
      }
      try {
        await this.#refresh(name);
      } catch (error) {
        this.#reportFailure(name, error);
        throw error;
      }
    });
  }

  unload(name: string): Promise<void> {
    return this.#serially(() => {
      this.#repository.find(name, undefined);
      this.#takeAway(name);
      return Promise.resolve();
    });
  }

  /**
   * Serves what the folder of a model has.
   *
   * @throws the first failure; versions that loaded are served, and those without a replacement stay
   */
  async #refresh(name: string): Promise<void> {
    const path = join(this.#folder, name);
    const before = this.#versions(name);
    this.#prints.set(name, await folderPrint(path));
    const loaded: ServedModel[] = [];
    let failure: Error | undefined;
    try {
      const folder = await readFolder(name, path);
      for (const warning of folder.warnings) this.#events.onWarning(warning);
      for (const version of folder.versions) {
        await this.#load(folder, version, before).then(
          (model) => loaded.push(model),
          (error: unknown) => (failure ??= error as Error),
        );
      }
    } catch (error) {
      failure ??= error as Error;
    }
    const stay = failure === undefined ? [] : before.filter((model) => !hasVersion(loaded, model.version));
    const versions = [...loaded, ...stay].sort((left, right) => Number(right.version) - Number(left.version));
    this.#repository.put(name, versions, failure === undefined ? undefined : failureText(failure));
    this.#didNotFit.delete(name);
    if (failure?.cause instanceof NoRoomError) this.#didNotFit.set(name, this.#context.budget.reserved);
    if (failure !== undefined) throw failure;
    this.#reportChange(name, before, versions);
  }

  #mayFitNow(name: string): boolean {
    return this.#context.budget.reserved < (this.#didNotFit.get(name) ?? 0);
  }

  /** Returns the served version if its bytes are the same; otherwise loads it. */
  async #load(folder: ModelFolder, version: number, before: readonly ServedModel[]): Promise<ServedModel> {
    const read = await readVersion(folder, version);
    const same = before.find((model) => this.#loaded.get(model)?.key === read.key);
    if (same) return same;
    const loaded = await loadVersion(read, this.#context);
    for (const note of loaded.notes) this.#events.onWarning(note);
    this.#loaded.set(loaded.model, loaded);
    return loaded.model;
  }

  #takeAway(name: string): void {
    const before = this.#versions(name);
    this.#prints.delete(name);
    this.#didNotFit.delete(name);
    this.#repository.remove(name);
    this.#reportChange(name, before, []);
  }

  #versions(name: string): readonly ServedModel[] {
    return this.#repository.served.filter((model) => model.name === name);
  }

  #reportChange(name: string, before: readonly ServedModel[], after: readonly ServedModel[]): void {
    if (!this.#opened) return;
    if (before.length === after.length && after.every((model) => before.includes(model))) return;
    const versions = after.map(({ version }) => version).join(', ');
    this.#events.onChange(
      after.length === 0 ? `model "${name}" was unloaded` : `model "${name}" serves version ${versions}`,
    );
  }

  #reportFailure(name: string, error: unknown): void {
    const versions = this.#versions(name);
    const rest =
      versions.length === 0
        ? 'it is not served'
        : `version ${versions.map(({ version }) => version).join(', ')} stays`;
    this.#events.onWarning(`model "${name}" did not load (${rest}): ${failureText(error)}`);
  }

  #serially<Result>(task: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(task);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

function hasVersion(models: readonly ServedModel[], version: string): boolean {
  return models.some((model) => model.version === version);
}

/** How models are selected: all of the folder at the start, following changes of the folder, or by calls. */
export const modelControls = ['none', 'poll', 'explicit'] as const;
export type ModelControl = (typeof modelControls)[number];

/** An entry of the repository index, in Triton's form. */
export interface IndexEntry {
  readonly name: string;
  /** Empty for a model without a known version. */
  readonly version: string;
  readonly state: 'READY' | 'UNAVAILABLE' | '';
  /** Why it is not ready, or why the last reload failed. */
  readonly reason: string;
}

/** Operations on the models of a running service. */
export interface RepositoryControl {
  /** @param readyOnly only models that are ready */
  index(readyOnly?: boolean): Promise<readonly IndexEntry[]>;
  /**
   * Loads a model of the repository's folder, or loads it again if it has changed: the new version replaces the old one once it has run.
   * Sequences stay on the version on which they started.
   *
   * @throws ProtocolError 404 for a name without a folder; ModelError if it does not load: the previous version is still served
   */
  load(name: string): Promise<void>;
  /**
   * Unloads a model; its requests in flight and its sequences can still finish.
   *
   * @throws ProtocolError 404 for a model that is not loaded
   */
  unload(name: string): Promise<void>;
}

/** Which models are loaded, and their limits. */
export interface RepositoryOptions {
  control: ModelControl;
  /** Interval of `poll`, milliseconds. */
  pollMs: number;
  /** Names of the models that `explicit` loads first. */
  wanted: readonly string[];
  /** Bytes of all loaded model files, each multiplied by its copies. */
  maxBytes: number;
  /** Operators that are allowed in addition to the standard ones: `Loop`, `com.microsoft:Attention`. */
  operators: readonly string[];
}

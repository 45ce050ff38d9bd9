import { join } from 'node:path';
import { ConfigError, ModelError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { ModelRepository } from '../modelRepository.ts';
import { failureText } from '../servedModel.ts';
import type { ServedModel } from '../servedModel.ts';
import { folderPrint, modelNames } from './folderPrint.ts';
import { loadVersion } from './loadVersion.ts';
import type { LoadContext, LoadedVersion } from './loadVersion.ts';
import { NoRoomError } from './modelBudget.ts';
import { readFolder, readVersion } from './modelFolder.ts';
import type { ModelFolder } from './modelFolder.ts';
import type { ModelControl } from './modelControl.ts';
import type { IndexEntry, RepositoryControl } from './repositoryControl.ts';

/** Told of what a person should hear: one sentence each. */
export interface KeeperEvents {
  onWarning: (text: string) => void;
  onChange: (text: string) => void;
}

/**
 * Loads the models of a repository's folder into the table that requests look in, and follows the folder's changes.
 *
 * A version is loaded, checked and run beside the one that answers, and takes its place at once. What fails to load changes
 * nothing: what answered goes on. One thing is done at a time.
 */
export class RepositoryKeeper implements RepositoryControl {
  readonly #folder: string;
  readonly #repository: ModelRepository;
  readonly #context: LoadContext;
  readonly #events: KeeperEvents;
  /** By the model that it is. */
  readonly #loaded = new Map<ServedModel, LoadedVersion>();
  /** How each folder looked when it was last loaded, whether or not that went well. */
  readonly #prints = new Map<string, string>();
  /** Models that found no room at their last loading, and how many bytes were taken then: with fewer they are tried again. */
  readonly #crowded = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();
  /** What is there at the start is told when the service is ready. */
  #opened = false;

  constructor(folder: string, repository: ModelRepository, context: LoadContext, events: KeeperEvents) {
    this.#folder = folder;
    this.#repository = repository;
    this.#context = context;
    this.#events = events;
  }

  /**
   * The first loading: one model that does not load leaves the others.
   *
   * @param control `explicit` loads `wanted` alone
   * @throws ConfigError if the folder is none; if it is empty or nothing loads and nothing can come later, ConfigError, ModelError
   */
  open(control: ModelControl, wanted: readonly string[] = []): Promise<void> {
    return this.#inTurn(async () => {
      const there = await modelNames(this.#folder);
      if (there.length === 0 && control === 'none') {
        throw new ConfigError(
          `--models ${this.#folder}: expected a folder for each model, found none; give the folder above a model's own, or export a model into it`,
        );
      }
      const missing = wanted.find((name) => !there.includes(name));
      if (missing !== undefined) {
        throw new ConfigError(
          `--load-model ${missing}: ${this.#folder} has no such folder; correct the name`,
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
        throw new ModelError(`--models ${this.#folder}: no model loads: ${broken[0].problem}${more}`);
      }
      for (const failure of failures) this.#events.onWarning(failure);
    });
  }

  /** Looks for changes of the folder and follows them. Never fails: what goes wrong is told, once for each change. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
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

  /** Frees the versions that were taken away and that nothing uses any more. */
  async releaseUnused(): Promise<void> {
    for (const model of this.#repository.unused) {
      // What another process began lately is not among those of the last look.
      if ((await model.sequences.count()) > 0 || !this.#repository.takeOut(model)) continue;
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
      // As in Triton: what was never loaded has no state.
      return [{ name, version: '', state: reason === '' ? '' : 'UNAVAILABLE', reason }];
    });
    return readyOnly ? entries.filter(({ state }) => state === 'READY') : entries;
  }

  load(name: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!(await modelNames(this.#folder)).includes(name)) {
        throw new ProtocolError(
          'not-found',
          `model ${JSON.stringify(name.slice(0, 128))}: the repository has no such folder; put the model there first`,
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
    return this.#inTurn(() => {
      this.#repository.find(name, undefined);
      this.#takeAway(name);
      return Promise.resolve();
    });
  }

  /**
   * Makes what answers under a name what the folder has.
   *
   * @throws the first failure; versions that loaded answer, and those that answered before and have no successor go on
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
    this.#crowded.delete(name);
    if (failure?.cause instanceof NoRoomError) this.#crowded.set(name, this.#context.budget.taken);
    if (failure !== undefined) throw failure;
    this.#reportChange(name, before, versions);
  }

  #mayFitNow(name: string): boolean {
    return this.#context.budget.taken < (this.#crowded.get(name) ?? 0);
  }

  /** The version that answers if its bytes are still the same; else it is loaded. */
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
    this.#crowded.delete(name);
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
      after.length === 0 ? `model "${name}" was taken away` : `model "${name}" serves version ${versions}`,
    );
  }

  #reportFailure(name: string, error: unknown): void {
    const versions = this.#versions(name);
    const rest =
      versions.length === 0
        ? 'it is not served'
        : `version ${versions.map(({ version }) => version).join(', ')} goes on`;
    this.#events.onWarning(`model "${name}" did not load (${rest}): ${failureText(error)}`);
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(task);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function hasVersion(models: readonly ServedModel[], version: string): boolean {
  return models.some((model) => model.version === version);
}

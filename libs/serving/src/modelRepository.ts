import { ProtocolError } from '@onda/protocol';
import { limits } from './limits.ts';
import { Turns } from './sequences/turns.ts';
import type { ServedModel } from './servedModel.ts';

/** A model folder of which nothing is served, and the sentence that says why. */
export interface BrokenModel {
  readonly name: string;
  readonly problem: string;
}

interface Entry {
  /** The versions that answer, the newest first. */
  versions: readonly ServedModel[];
  /** Versions that were taken away, while requests or sequences are still on them. */
  retired: ServedModel[];
  problem: string | undefined;
}

/** The models that answer, by name and version. A request's names are looked up here and never become paths. */
export class ModelRepository {
  /** Versions since the start, the first loading included. */
  readonly changes = { loaded: 0, failed: 0, removed: 0 };
  /** Of sequences, while a model has several versions that they may be on. */
  readonly turns = new Turns(limits.pending);
  readonly #entries = new Map<string, Entry>();

  constructor(served: readonly ServedModel[] = [], broken: readonly BrokenModel[] = []) {
    for (const model of served) this.put(model.name, [model], undefined);
    for (const { name, problem } of broken) this.put(name, [], problem);
  }

  /** All versions that take requests, in the order of their names. */
  get served(): readonly ServedModel[] {
    return this.#all(({ versions }) => versions);
  }

  /** Those, and the ones that sequences are still on. */
  get held(): readonly ServedModel[] {
    return this.#all(({ versions, retired }) => [...versions, ...retired]);
  }

  get broken(): readonly BrokenModel[] {
    const broken: BrokenModel[] = [];
    for (const [name, { versions, problem }] of this.#entries) {
      if (versions.length === 0 && problem !== undefined) broken.push({ name, problem });
    }
    return broken;
  }

  /** As `find`; undefined where that throws. */
  maybeFind(name: string, version: string | undefined): ServedModel | undefined {
    const versions = this.#entries.get(name)?.versions ?? [];
    return version === undefined ? versions.at(0) : versions.find((model) => model.version === version);
  }

  /**
   * @param name    from the request's path, decoded
   * @param version from the request's path; undefined: the newest that is served
   * @throws ProtocolError 404 for a model or version that is not there, 503 for one that did not load
   */
  find(name: string, version: string | undefined): ServedModel {
    const entry = this.#entries.get(name);
    const versions = entry?.versions ?? [];
    if (versions.length === 0) {
      if (entry?.problem !== undefined) {
        throw new ProtocolError(
          'unavailable',
          `model "${name}" did not load; what the service printed when it tried says why`,
        );
      }
      throw new ProtocolError(
        'not-found',
        `model ${quoted(name)}: the service has no such model; GET /v2/models lists what it has`,
      );
    }
    if (version === undefined) return versions[0];
    const found = this.maybeFind(name, version);
    if (found) return found;
    throw new ProtocolError(
      'not-found',
      `model "${name}": expected ${servedText(versions)}, got ${quoted(version)}; ask for ${versions.length === 1 ? 'that one' : 'one of them'} or leave it out`,
    );
  }

  /**
   * As `find`, for a request that may be about a sequence: where that finds none, a version that was taken away, which is kept as long as
   * sequences live on it. Nothing else may be asked of such a one.
   */
  findHeld(name: string, version: string | undefined): ServedModel {
    const found = this.maybeFind(name, version);
    if (found) return found;
    const retired = this.#entries.get(name)?.retired ?? [];
    return (
      retired.findLast((model) => version === undefined || model.version === version) ??
      this.find(name, version)
    );
  }

  /**
   * The versions that a request's name and version stand for; without a version all that answer, the newest first.
   *
   * @throws as `find`
   */
  findAll(name: string, version: string | undefined): readonly ServedModel[] {
    const found = this.find(name, version);
    return version === undefined ? (this.#entries.get(name)?.versions ?? []) : [found];
  }

  /** Whether a version answers: it was not taken away. */
  serves(model: ServedModel): boolean {
    return this.#entries.get(model.name)?.versions.includes(model) === true;
  }

  /**
   * Other versions that a sequence may live on although a request finds `model`: those that were taken away while it lived, and
   * when the request names no version, all of the model's.
   */
  others(model: ServedModel, version: string | undefined): readonly ServedModel[] {
    const entry = this.#entries.get(model.name);
    if (entry === undefined || (entry.versions.length === 1 && entry.retired.length === 0)) return [];
    return [...entry.versions, ...entry.retired].filter(
      (other) => other !== model && (version === undefined || other.version === version),
    );
  }

  /** What was said of a model's last loading that went wrong. */
  problem(name: string): string | undefined {
    return this.#entries.get(name)?.problem;
  }

  /**
   * Sets what answers under a name, at once: a request sees what was there or what is there now. Versions that are no longer
   * among them are kept for the requests and sequences that are on them.
   *
   * @param versions the newest first
   * @param problem  what went wrong with the last loading
   */
  put(name: string, versions: readonly ServedModel[], problem: string | undefined): void {
    const before: Pick<Entry, 'versions' | 'retired'> = this.#entries.get(name) ?? {
      versions: [],
      retired: [],
    };
    const gone = before.versions.filter((model) => !versions.includes(model));
    this.changes.loaded += versions.filter((model) => !before.versions.includes(model)).length;
    this.changes.removed += gone.length;
    if (problem !== undefined) this.changes.failed++;
    this.#entries.set(name, { versions, retired: [...before.retired, ...gone], problem });
  }

  /** Takes a model away. */
  remove(name: string): void {
    this.put(name, [], undefined);
  }

  /** Versions that were taken away and that nothing seems to use any more: how many sequences live is as of the last look. */
  get unused(): readonly ServedModel[] {
    return [...this.#entries.values()].flatMap(({ retired }) => retired.filter(isUnused));
  }

  /** Takes one of those out, so that its memory can be freed; false: something uses it again. */
  takeOut(model: ServedModel): boolean {
    const entry = this.#entries.get(model.name);
    if (entry?.retired.includes(model) !== true || !isUnused(model)) return false;
    entry.retired = entry.retired.filter((other) => other !== model);
    if (entry.versions.length + entry.retired.length === 0 && entry.problem === undefined) {
      this.#entries.delete(model.name);
    }
    return true;
  }

  #all(models: (entry: Entry) => readonly ServedModel[]): readonly ServedModel[] {
    const names = [...this.#entries.keys()].sort();
    return names.flatMap((name) => models(this.#entries.get(name) as Entry));
  }
}

function isUnused({ stats, sequences }: ServedModel): boolean {
  return stats.active + stats.generating === 0 && sequences.size === 0;
}

function servedText(versions: readonly ServedModel[]): string {
  if (versions.length === 1) return `version ${versions[0].version}, the one that is served`;
  return `one of the versions ${versions.map(({ version }) => version).join(', ')} that are served`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 128 ? `${text.slice(0, 128)}...` : text);
}

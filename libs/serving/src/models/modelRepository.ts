import { quoted } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { ModelMetadata } from '@onda/protocol';
import type { SequenceVersions } from '../sequences/sequenceStep.ts';
import type { ServedModel } from './servedModel.ts';

/** A model folder without a served version, with the reason. */
export interface BrokenModel {
  readonly name: string;
  readonly problem: string;
}

interface Entry {
  /** The versions that are served, the newest first. */
  versions: readonly ServedModel[];
  /** Unloaded versions that requests or sequences still use. */
  retired: readonly ServedModel[];
  problem: string | undefined;
}

const none: Entry = { versions: [], retired: [], problem: undefined };

/** The table of the models that are served, by name and version. Names of requests are looked up here and never become paths. */
export class ModelRepository {
  /** Changes of versions since the start, including the first loading. */
  readonly changes = { loaded: 0, failed: 0, removed: 0 };
  readonly #entries = new Map<string, Entry>();

  constructor(served: readonly ServedModel[] = [], broken: readonly BrokenModel[] = []) {
    for (const model of served) this.put(model.name, [model], undefined);
    for (const { name, problem } of broken) this.put(name, [], problem);
  }

  /** All versions that are served, ordered by name. */
  get served(): readonly ServedModel[] {
    return this.#all(({ versions }) => versions);
  }

  /** Served versions, and unloaded ones that are still in use. */
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

  /** Like `find`, but undefined instead of an error. */
  maybeFind(name: string, version: string | undefined): ServedModel | undefined {
    const { versions } = this.#entryOf(name);
    return version === undefined ? versions.at(0) : versions.find((model) => model.version === version);
  }

  /**
   * @param name    of the request, decoded
   * @param version of the request; undefined: the newest that is served
   * @throws ProtocolError 404 for an unknown model or version, 503 for one that did not load
   */
  find(name: string, version: string | undefined): ServedModel {
    const found = this.maybeFind(name, version);
    if (found) return found;
    const { versions, problem } = this.#entryOf(name);
    if (versions.length > 0) {
      throw new ProtocolError(
        'not-found',
        `model "${name}": expected ${servedText(versions)}, got ${quoted(version ?? '')}; use ${versions.length === 1 ? 'that one' : 'one of them'} or omit the version`,
      );
    }
    if (problem !== undefined) {
      throw new ProtocolError('unavailable', `model "${name}" did not load; the service's log has the reason`);
    }
    throw new ProtocolError(
      'not-found',
      `model ${quoted(name)}: the service has no such model; GET /v2/models lists the models`,
    );
  }

  /**
   * Like `find`, for a request that may step a sequence: if none is served, an unloaded version that still has sequences.
   */
  findHeld(name: string, version: string | undefined): ServedModel {
    const found = this.maybeFind(name, version);
    if (found) return found;
    const { retired } = this.#entryOf(name);
    return (
      retired.findLast((model) => version === undefined || model.version === version) ??
      this.find(name, version)
    );
  }

  /**
   * The requested versions; without a version all that are served, the newest first.
   *
   * @throws as `find`
   */
  findAll(name: string, version: string | undefined): readonly ServedModel[] {
    const found = this.find(name, version);
    return version === undefined ? this.#entryOf(name).versions : [found];
  }

  /** Like `findAll`, including unloaded versions that are still in use. */
  findAllHeld(name: string, version: string | undefined): readonly ServedModel[] {
    this.findHeld(name, version);
    const { versions, retired } = this.#entryOf(name);
    return [...versions, ...retired].filter((model) => version === undefined || model.version === version);
  }

  /** Whether a version is served, and not unloaded. */
  serves(model: ServedModel): boolean {
    return this.#entryOf(model.name).versions.includes(model);
  }

  /** The versions of a model as its sequences see them. */
  sequenceVersions(name: string): SequenceVersions<ServedModel> {
    return {
      serving: (version) => this.find(name, version),
      maybeWithKey: (key) => {
        // Called for each row: loops, no closures.
        const { versions, retired } = this.#entryOf(name);
        for (const model of versions) if (model.sequenceKey === key) return model;
        for (const model of retired) if (model.sequenceKey === key) return model;
        return undefined;
      },
    };
  }

  /**
   * A model's metadata as JSON. Without a version: of the newest, with the numbers of all served versions.
   *
   * @throws as `find`
   */
  metadata(name: string, version: string | undefined): string {
    const all = this.findAll(name, version);
    const [{ metadata }] = all;
    if (all.length === 1) return metadata;
    const versions = all.map((model) => model.version).reverse();
    return JSON.stringify({ ...(JSON.parse(metadata) as ModelMetadata), versions });
  }

  /** Why the last loading of a model failed. */
  problem(name: string): string | undefined {
    return this.#entryOf(name).problem;
  }

  /**
   * Replaces the versions of a model atomically: a request sees either the old or the new ones. Replaced versions are kept for their
   * requests and sequences.
   *
   * @param versions the newest first
   * @param problem  why the last loading failed
   */
  put(name: string, versions: readonly ServedModel[], problem: string | undefined): void {
    const before = this.#entryOf(name);
    const gone = before.versions.filter((model) => !versions.includes(model));
    this.changes.loaded += versions.filter((model) => !before.versions.includes(model)).length;
    this.changes.removed += gone.length;
    if (problem !== undefined) this.changes.failed++;
    this.#entries.set(name, { versions, retired: [...before.retired, ...gone], problem });
  }

  remove(name: string): void {
    this.put(name, [], undefined);
  }

  /** Unloaded versions that seem unused; with a shared store, live sequences are counted as of the last sweep. */
  get unused(): readonly ServedModel[] {
    return [...this.#entries.values()].flatMap(({ retired, versions }) =>
      retired.filter((model) => isUnused(model, versions)),
    );
  }

  /** Removes an unused version, so that its memory can be released; false: it is in use again. */
  removeUnused(model: ServedModel): boolean {
    const entry = this.#entryOf(model.name);
    if (!entry.retired.includes(model) || !isUnused(model, entry.versions)) return false;
    entry.retired = entry.retired.filter((other) => other !== model);
    if (entry.versions.length + entry.retired.length === 0 && entry.problem === undefined) {
      this.#entries.delete(model.name);
    }
    return true;
  }

  /** Whether the table has a model of that name, even without a served version. */
  knows(name: string): boolean {
    return this.#entries.has(name);
  }

  #entryOf(name: string): Entry {
    return this.#entries.get(name) ?? none;
  }

  #all(models: (entry: Entry) => readonly ServedModel[]): readonly ServedModel[] {
    const names = [...this.#entries.keys()].sort();
    return names.flatMap((name) => models(this.#entryOf(name)));
  }
}

/** Whether no request and no sequence needs an unloaded version. A served one with the same key continues its sequences. */
export function isUnused(
  { stats, sequenceCounts, sequenceKey }: ServedModel,
  versions: readonly ServedModel[],
): boolean {
  const hasSuccessor = versions.some((model) => model.sequenceKey === sequenceKey);
  return stats.active + stats.pinned === 0 && (hasSuccessor || sequenceCounts.live === 0);
}

function servedText(versions: readonly ServedModel[]): string {
  if (versions.length === 1) return `version ${versions[0].version}, which is the one served`;
  return `one of the served versions ${versions.map(({ version }) => version).join(', ')}`;
}

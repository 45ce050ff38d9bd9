import type { Session } from '@onda/runtime';
import { Batcher } from '../batcher.ts';
import type { BatchOptions } from '../batcher.ts';
import { defaultRules } from '../models/configOptions.ts';
import type { ModelRepository } from '../models/modelRepository.ts';
import type { RepositoryControl } from '../models/repositoryLoader.ts';
import type { ServedModel } from '../models/servedModel.ts';
import { ModelStats } from '../modelStats.ts';
import { MemoryState } from '../sequences/memoryState.ts';
import { ModelSequences } from '../sequences/modelSequences.ts';
import { StateLayout } from '../sequences/stateLayout.ts';
import { Serving } from '../serving.ts';

/** A stateless model "m" on a test's own session; all its tensors have rows. */
export function simpleModel(
  session: Session,
  batching: BatchOptions,
  more: Partial<ServedModel> = {},
): ServedModel {
  const stats = new ModelStats();
  const store = new MemoryState({ most: 8, idleMs: 1000, ageMs: 1000 });
  const inputs = session.inputs as ServedModel['signature']['inputs'];
  const outputs = session.outputs as ServedModel['signature']['outputs'];
  const model: ServedModel = {
    name: 'm',
    version: '1',
    signature: { inputs, outputs, states: [], controls: [], maxRows: 1024, width: 1 },
    manifest: null,
    session,
    batcher: new Batcher(session, batching, stats),
    stats,
    layout: new StateLayout([]),
    sequenceKey: '1',
    sequences: new ModelSequences(
      store,
      { serving: () => model, maybeWithKey: () => model },
      batching.maxWaiting,
    ),
    sequenceCounts: store.counts('1'),
    generator: null,
    fileHash: '',
    schedule: defaultRules,
    bytes: 0,
    loadMs: 0,
    files: new Map(),
    metadata: '{}',
    config: '{}',
    ...more,
  };
  return model;
}

/** A service with the given models, without a folder. */
export function servingOf(repository: ModelRepository, control?: RepositoryControl): Serving {
  const none: RepositoryControl = {
    index: () => Promise.resolve([]),
    load: () => Promise.resolve(),
    unload: () => Promise.resolve(),
  };
  const stores = {
    open: () => new MemoryState({ most: 8, idleMs: 1000, ageMs: 1000 }),
    status: undefined,
    close: () => Promise.resolve(),
  };
  return new Serving(repository, control ?? none, stores, 1);
}

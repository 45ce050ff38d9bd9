import type { NetManifest } from '@onda/contract';
import type { SequenceModel } from '../sequenceModel.ts';
import type { Runtime, Session } from '../session.ts';

/** What the tests of every group work on; filled before the first of them. */
export interface Fixture {
  runtime: Runtime;
  manifest: NetManifest;
  modelBytes: Uint8Array;
  session: Session;
  generator: Session;
  model: SequenceModel;
}

/** Tests on the fixture, by name. */
export type RuntimeTests = Readonly<Record<string, (fixture: Fixture) => Promise<void>>>;

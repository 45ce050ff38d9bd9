import { modelFiles, tensorNames } from '@onda/contract';
import type { NetManifest } from '@onda/contract';
import { checkFeeds } from './checkFeeds.ts';
import { checkSession } from './checkSession.ts';
import { floatOutput } from './floatOutput.ts';
import { floatTensor } from './floatTensor.ts';
import type { FloatTensor } from './floatTensor.ts';
import type { Session } from './session.ts';

/** What one step gives: values [batch, time, outputs] and the state after the last of them, [batch, state]. */
export interface StepResult {
  y: FloatTensor;
  state: FloatTensor;
}

/**
 * model.onnx with its manifest: values and a state in, values and the next state out.
 *
 * The state is the caller's to keep; a sequence goes on by handing the last state to the next step.
 */
export class SequenceModel {
  readonly manifest: NetManifest;
  readonly #session: Session;

  /** @throws ModelError if the session's tensors are not the manifest's */
  constructor(session: Session, manifest: NetManifest) {
    checkSession(session, manifest.tensors.model, modelFiles.sequence);
    this.#session = session;
    this.manifest = manifest;
  }

  /** The state before the first sample: zeros [batch, state]. */
  zeroState(batch = 1): FloatTensor {
    return zeroState(this.manifest, batch);
  }

  /**
   * @param x     [batch, time, features], in the data's own units; batch and time at least 1, values finite
   * @param state [batch, state]; zeros when left out
   * @throws ShapeError, DataError before anything runs
   */
  async step(x: FloatTensor, state?: FloatTensor): Promise<StepResult> {
    const feeds = {
      [tensorNames.input]: x,
      [tensorNames.stateIn]: state ?? this.zeroState(x.dims[0]),
    };
    checkFeeds(this.manifest.tensors.model.inputs, feeds, { finite: true });
    const results = await this.#session.run(feeds);
    return { y: floatOutput(results, tensorNames.output), state: floatOutput(results, tensorNames.stateOut) };
  }
}

/** Zeros [batch, state]: how every sequence starts. */
export function zeroState(manifest: NetManifest, batch: number): FloatTensor {
  const { size } = manifest.state;
  return floatTensor([batch, size], new Float32Array(batch * size));
}

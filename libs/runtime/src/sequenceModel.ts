import type { NetManifest } from '@onda/contract';
import { modelFiles, tensorNames } from '@onda/contract';
import { checkFeeds, checkSession } from './checks.ts';
import type { Session } from './session.ts';
import type { FloatTensor } from './tensors.ts';
import { floatOutput, floatTensor } from './tensors.ts';

/** Result of a step: values [batch, time, outputs] and the state after the last sample, [batch, state]. */
export interface StepResult {
  y: FloatTensor;
  state: FloatTensor;
}

/**
 * model.onnx with its manifest: values and a state in, values and the next state out.
 *
 * The caller keeps the state and passes it to the next step of the sequence.
 */
export class SequenceModel {
  readonly manifest: NetManifest;
  readonly #session: Session;

  /** @throws ModelError if the tensors of the session differ from the manifest */
  constructor(session: Session, manifest: NetManifest) {
    checkSession(session, manifest.tensors.model, modelFiles.sequence);
    this.#session = session;
    this.manifest = manifest;
  }

  /** The initial state: zeros [batch, state]. */
  zeroState(batch = 1): FloatTensor {
    return zeroState(this.manifest, batch);
  }

  /**
   * Runs the model over some samples.
   *
   * @param x     [batch, time, features], in the units of the data; batch and time at least 1, values finite
   * @param state [batch, state]; default zeros
   * @throws ShapeError, DataError for invalid arguments
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

/** The initial state of sequences: zeros [batch, state]. */
export function zeroState(manifest: NetManifest, batch: number): FloatTensor {
  const { size } = manifest.state;
  return floatTensor([batch, size], new Float32Array(batch * size));
}

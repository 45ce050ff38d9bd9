import { join } from 'node:path';
import { elementsOf, isTensorType, modelFiles, ModelError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { checkSession, shapeText } from '@onda/runtime';
import type { Session, TensorInfo } from '@onda/runtime';
import { limits } from '../limits.ts';
import { configSignature } from './config/configSignature.ts';
import type { FileTensors } from './config/configSignature.ts';
import { reshapeSession } from './config/reshapeSession.ts';
import type { ModelFolder, ReadVersion } from './modelFolder.ts';
import { signatureOfManifest } from './modelSignature.ts';
import type { ModelSignature } from './modelSignature.ts';

/**
 * What a version takes and gives: by the manifest where there is one; config.pbtxt is held against the file either way, since Triton
 * would be.
 *
 * @throws ModelError where they contradict each other
 */
export function readSignature(
  { folder, manifest, file }: ReadVersion,
  session: Session,
  place: string,
): ModelSignature {
  // A manifest's model keeps its own dims; config.pbtxt may have others for Triton, which knows no scalars.
  const shaped = manifest === null ? session : reshapeSession(session, folder.config, configPath(folder));
  const tensors: FileTensors = {
    inputs: shaped.inputs.map((tensor) => specOf(tensor, place)),
    outputs: shaped.outputs.map((tensor) => specOf(tensor, place)),
  };
  const configured = configSignature(folder.config, tensors, configPath(folder), limits.batch, folder.data);
  if (manifest === null) return configured;
  checkSession(session, manifest.tensors.model, file);
  const own = signatureOfManifest(manifest, limits.batch);
  if (manifest.net !== null) return own;
  const shown = configured.outputs.map(({ name }) => name);
  const outputs = own.outputs.filter(({ name }) => shown.includes(name));
  return { ...configured, inputs: own.inputs, outputs, states: own.states };
}

export function configPath(folder: ModelFolder): string {
  return join(folder.path, modelFiles.config);
}

/** A tensor as the protocol has it. A file without names for its dims has them all the same: they need not be equal then. */
function specOf({ name, type, shape }: TensorInfo, place: string): TensorSpec {
  const fixed = elementsOf(shape.map((dim) => (typeof dim === 'number' ? dim : 1)));
  if (!isTensorType(type) || fixed > limits.tensorValues || fixed < 1) {
    throw new ModelError(
      `${place}: tensor "${name}": expected dims of 1 to ${limits.tensorValues} values, got ${type} ${shapeText(shape)}; export the model with smaller ones`,
    );
  }
  return { name, type, shape: [...shape] };
}

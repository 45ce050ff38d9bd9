import { join } from 'node:path';
import { elementsOf, isTensorType, ModelError, modelFiles } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { checkSession, shapeText } from '@onda/runtime';
import type { RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import { limits } from '../limits.ts';
import { configSignature } from './configSignature.ts';
import type { FileTensors } from './configSignature.ts';
import type { ModelFolder, ReadVersion } from './modelFolder.ts';
import { signatureOfManifest } from './modelSignature.ts';
import type { ModelSignature } from './modelSignature.ts';
import type { ConfigTensor, TritonConfig } from './tritonConfig.ts';

/**
 * The signature of a version, from its manifest if it has one. config.pbtxt is checked against the file in any case, as in Triton.
 *
 * @throws ModelError where they contradict each other
 */
export function readSignature(
  { folder, manifest, file }: ReadVersion,
  session: Session,
  place: string,
): ModelSignature {
  // A model with a manifest keeps its own dims; its config.pbtxt may reshape scalars, which Triton does not have.
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
  return { ...configured, inputs: own.inputs, outputs, states: own.states, allowsNonFinite: false };
}

export function configPath(folder: ModelFolder): string {
  return join(folder.path, modelFiles.config);
}

/** The specification of a tensor of the file. */
function specOf({ name, type, shape }: TensorInfo, place: string): TensorSpec {
  const fixed = elementsOf(shape.map((dim) => (typeof dim === 'number' ? dim : 1)));
  if (!isTensorType(type) || fixed > limits.tensorValues) {
    throw new ModelError(
      `${place}: tensor "${name}": expected dims of at most ${limits.tensorValues} values, got ${type} ${shapeText(shape)}; export the model with smaller ones`,
    );
  }
  return { name, type, shape: [...shape] };
}

/** Dims of a tensor without the batch: in requests, and in the ONNX file. */
interface Forms {
  readonly outer: readonly number[];
  readonly inner: readonly number[];
}

/**
 * A session whose tensors have the dims of config.pbtxt where it has `reshape`. So a scalar of the file, which Triton does not have, is
 * a tensor [1] in requests.
 *
 * @param path of config.pbtxt, for errors
 * @returns the session itself where nothing is reshaped
 * @throws ModelError for a reshape that contradicts the file or changes the number of values
 */
export function reshapeSession(session: Session, config: TritonConfig | null, path: string): Session {
  if (config === null) return session;
  const batch = (config.max_batch_size ?? 0) > 0 ? 1 : 0;
  const inputs = formsOf(config.input, session.inputs, batch, `${path}: input`);
  const outputs = formsOf(config.output, session.outputs, batch, `${path}: output`);
  if (inputs.size + outputs.size === 0) return session;
  const shown = (tensors: readonly TensorInfo[], forms: ReadonlyMap<string, Forms>): TensorInfo[] =>
    tensors.map((tensor) => {
      const form = forms.get(tensor.name);
      return form ? { ...tensor, shape: [...tensor.shape.slice(0, batch), ...form.outer] } : tensor;
    });
  const withDims = (
    tensors: Readonly<Record<string, RuntimeTensor>>,
    forms: ReadonlyMap<string, Forms>,
    side: keyof Forms,
  ): Record<string, RuntimeTensor> =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => {
        const form = forms.get(name);
        return [name, form ? { ...tensor, dims: [...tensor.dims.slice(0, batch), ...form[side]] } : tensor];
      }),
    );
  return {
    inputs: shown(session.inputs, inputs),
    outputs: shown(session.outputs, outputs),
    provider: session.provider,
    run: async (feeds, fetches) =>
      withDims(await session.run(withDims(feeds, inputs, 'inner'), fetches), outputs, 'outer'),
    admit: () => session.admit?.() ?? Promise.resolve(),
    release: () => session.release(),
  };
}

function formsOf(
  given: readonly ConfigTensor[],
  tensors: readonly TensorInfo[],
  batch: number,
  where: string,
): ReadonlyMap<string, Forms> {
  const forms = new Map<string, Forms>();
  for (const { name = '', dims, reshape } of given) {
    const shape = tensors.find((tensor) => tensor.name === name)?.shape.slice(batch);
    // A tensor that the file does not have is reported by configSignature.
    if (reshape === undefined || shape === undefined) continue;
    const inner = reshape.shape;
    checkForms(`${where} "${name}"`, { outer: dims, inner }, shape);
    forms.set(name, { outer: dims, inner });
  }
  return forms;
}

function checkForms(
  where: string,
  { outer, inner }: Forms,
  shape: TensorSpec['shape'] | TensorInfo['shape'],
): void {
  const isFile =
    inner.length === shape.length &&
    inner.every((dim, axis) => typeof shape[axis] === 'string' || shape[axis] === dim);
  const fixed = [...outer, ...inner].every((dim) => dim > 0);
  if (isFile && fixed && elementsOf(outer) === elementsOf(inner)) return;
  throw new ModelError(
    `${where}: reshape: expected fixed dims of the ONNX file ${shapeText(shape)} with as many values as dims ${shapeText(outer)}, got ${shapeText(inner)}; correct it`,
  );
}

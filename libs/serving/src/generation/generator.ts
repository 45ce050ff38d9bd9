import { ModelError, modelFiles, samplingBlocks } from '@onda/contract';
import type { Sampling, TensorLists } from '@onda/contract';
import { checkSession, generatorForm } from '@onda/runtime';
import type { GeneratorForm, GeneratorModel, Session } from '@onda/runtime';
import type { ReadVersion } from '../models/modelFolder.ts';
import type { ModelSignature } from '../models/modelSignature.ts';
import { failureText } from '../errors.ts';
import type { RecentOutput } from '../sequences/stateLayout.ts';

/** A loaded generator.onnx. */
export interface Generator {
  readonly session: Session;
  readonly model: GeneratorModel;
  readonly form: GeneratorForm;
  /** Minimum samples of a prompt. */
  readonly least: number;
  /** How many samples an output is ahead of its input. */
  readonly lag: number;
  /**
   * Whether a continued run is bit-identical to a single run over both. False with a lag of several samples, which are computed
   * together at the start of a run and one by one later; with a scaler, whose output is rounded; and on CUDA.
   */
  readonly continuesExactly: boolean;
  /** How values are drawn from the outputs; null: the outputs are the values; undefined: unknown. */
  readonly sampling: Sampling | null | undefined;
}

const file = modelFiles.generator;

/**
 * Loads the generator of a version. A manifest lists it; without a manifest, the file is used if it has the inputs and outputs of a
 * generator.
 *
 * @param onNote called with a warning for a file of that name that is not a generator: the model is served without it
 * @throws ModelError for a generator that contradicts its manifest
 */
export async function loadGenerator(
  { manifest, folder: { name }, files }: Pick<ReadVersion, 'manifest' | 'folder' | 'files'>,
  load: (file: string) => Promise<Session>,
  onNote: (text: string) => void,
): Promise<Generator | null> {
  if (manifest !== null) {
    const { tensors, lag, prompt, sampling, scaler } = manifest;
    if (tensors.generator === null) return null;
    const session = await load(file);
    checkSession(session, tensors.generator, file);
    const form = generatorForm(tensors.generator, file);
    const continuesExactly = lag === 1 && scaler.kind === 'none' && session.provider === 'cpu';
    return { session, model: manifest, form, least: prompt ?? lag, lag, continuesExactly, sampling };
  }
  if (!files.has(file)) return null;
  try {
    const session = await load(file);
    const generator = tensorLists(session);
    const form = generatorForm(generator, file);
    return {
      session,
      model: { name, tensors: { generator } },
      form,
      least: 1,
      lag: 1,
      continuesExactly: false,
      sampling: undefined,
    };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    onNote(`${failureText(error)}; model "${name}" is served without generate`);
    return null;
  }
}

/** The tensors of the file, for a model without a manifest. */
function tensorLists({ inputs, outputs }: Session): TensorLists {
  const copies = (tensors: Session['inputs']): TensorLists['inputs'] =>
    tensors.map(
      ({ name, type, shape }) => ({ name, type, shape: [...shape] }) as TensorLists['inputs'][number],
    );
  return { inputs: copies(inputs), outputs: copies(outputs) };
}

/**
 * What sequences keep so that the generator can continue them: the last outputs, which are ahead of the fed samples.
 *
 * @returns undefined if it cannot: its states differ from the model's, or the sampling is unknown
 */
export function recentOutput(
  { outputs, states }: ModelSignature,
  generator: Generator | null,
): RecentOutput | undefined {
  if (generator === null || states.length === 0) return undefined;
  const { form, sampling, lag } = generator;
  if (sampling === undefined) return undefined;
  const alike =
    states.length === form.states.length &&
    states.every(({ type, size }, index) => type === 'float32' && size === form.states[index].size);
  const output = outputs.find(({ name }) => !states.some((state) => state.output === name));
  const width = output?.shape.at(-1);
  if (!alike || output?.type !== 'float32' || typeof width !== 'number') return undefined;
  const fits = form.features === undefined || width === samplingBlocks(sampling) * form.features;
  return fits ? { output: output.name, lag, width } : undefined;
}

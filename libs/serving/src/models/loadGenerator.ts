import { modelFiles, ModelError } from '@onda/contract';
import type { TensorLists } from '@onda/contract';
import { checkSession, generatorForm } from '@onda/runtime';
import type { Session } from '@onda/runtime';
import type { Generator } from '../generation/generator.ts';
import { failureText } from '../servedModel.ts';
import type { ReadVersion } from './modelFolder.ts';

const file = modelFiles.generator;

/**
 * Loads the generator of a version. A manifest says whether there is one; a folder without a manifest has one if the file lies there
 * and takes and gives what a generator does.
 *
 * @param onNote gets the sentence on a file of that name that is none: the model is served without it
 * @throws ModelError for a generator that is not what its manifest says
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
    const goesOnExactly = lag === 1 && scaler.kind === 'none' && session.provider === 'cpu';
    return { session, model: manifest, form, least: prompt ?? lag, lag, goesOnExactly, sampling };
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
      goesOnExactly: false,
      sampling: undefined,
    };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    onNote(`${failureText(error)}; model "${name}" is served without generate`);
    return null;
  }
}

/** As the file has them: there is no manifest to hold them against. */
function tensorLists({ inputs, outputs }: Session): TensorLists {
  const copies = (tensors: Session['inputs']): TensorLists['inputs'] =>
    tensors.map(
      ({ name, type, shape }) => ({ name, type, shape: [...shape] }) as TensorLists['inputs'][number],
    );
  return { inputs: copies(inputs), outputs: copies(outputs) };
}

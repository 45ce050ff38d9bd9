import { modelFiles } from '@onda/contract';
import { providerNotes, readModel } from '@onda/onnx';
import type { Session } from '@onda/runtime';
import { failureText } from '../servedModel.ts';
import type { ReadVersion } from './modelFolder.ts';

/** What of a model falls to the CPU although it runs on CUDA. */
export function cudaNotes(
  { files }: Pick<ReadVersion, 'files'>,
  { provider }: Session,
  place: string,
): string[] {
  if (provider !== 'cuda') return [];
  const models = [...files].filter(([name]) => name !== modelFiles.manifest);
  return models.flatMap(([name, { bytes }]) => {
    const where = `${place}: ${name}`;
    try {
      const notes = providerNotes(readModel(bytes)).filter((note) => note.provider === 'cuda');
      return notes.map(({ text }) => `${where}: ${text}`);
    } catch (error) {
      // ONNX Runtime takes more than readModel does: what it is loaded with is not in doubt here.
      return [`${where}: its nodes cannot be looked at for CUDA (${failureText(error)})`];
    }
  });
}

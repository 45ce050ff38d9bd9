import { ModelError } from '@onda/contract';
import { checkModel } from '../checkModel.ts';
import { printModel } from '../printModel.ts';
import { providerNotes } from '../providerNotes.ts';
import type { ExternalFiles } from '../wire/externalData.ts';
import { inspectModel } from '../wire/inspectModel.ts';
import { readModel } from '../wire/readModel.ts';

/** Maximum length of an error or problem: a few truncated names in one sentence. */
const longest = 2000;

/**
 * Reads an untrusted file with every reader.
 *
 * @returns whether it is a valid model
 * @throws Error for anything but a ModelError, or for text with control characters
 */
export function readHostile(file: Uint8Array, data: ExternalFiles = {}): boolean {
  unlessRefused(() => inspectModel(file));
  const model = unlessRefused(() => readModel(file, {}, data));
  if (model === null) return false;
  [...checkModel(model), ...providerNotes(model).map(({ text }) => text)].forEach(checkLine);
  printModel(model).split('\n').forEach(checkControls);
  return true;
}

function unlessRefused<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    checkLine(error.message);
    return null;
  }
}

function checkLine(line: string): void {
  if (line.length > longest)
    throw new Error(`expected at most ${longest} characters, got ${line.slice(0, 100)}...`);
  checkControls(line);
}

function checkControls(line: string): void {
  const odd = /[^ -~]/.exec(line);
  if (odd !== null)
    throw new Error(
      `expected plain characters, got ${JSON.stringify(odd[0])} in ${JSON.stringify(line.slice(0, 300))}`,
    );
}

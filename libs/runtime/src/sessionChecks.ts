import { ModelError, ShapeError } from '@onda/contract';
import { listText } from './shapeText.ts';
import type { TensorInfo } from './session.ts';

/**
 * Checks the names of the outputs that a run is asked for.
 *
 * @throws ShapeError for one that the model does not have
 */
export function checkFetches(outputs: readonly TensorInfo[], fetches: readonly string[]): void {
  for (const name of fetches) {
    if (!outputs.some((output) => output.name === name)) {
      throw new ShapeError(
        `output "${name}": the model has no such output; it gives ${listText(outputs.map((output) => output.name))}`,
      );
    }
  }
}

/** What a session says once it was released. */
export function releasedError(): ModelError {
  return new ModelError('the session was released; create another one');
}

/**
 * The one text of every adapter for bytes that its runtime does not take.
 *
 * @param reason the runtime's own text, of which the first line is kept
 */
export function loadError(reason: unknown): ModelError {
  const text = (reason instanceof Error ? reason.message : String(reason)).split('\n', 1)[0].trim();
  return new ModelError(`the model cannot be loaded: ${text}; export or copy it again`, { cause: reason });
}

/** @throws ModelError for a file without bytes, which runtimes report in words of their own */
export function checkModelBytes(model: Uint8Array): void {
  if (model.byteLength === 0) throw loadError('the file is empty');
}

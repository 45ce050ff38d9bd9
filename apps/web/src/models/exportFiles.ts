import { DataError } from '@onda/contract';
import { exportModel, readSavedModel } from '@onda/exporter';
import { printModel } from '@onda/onnx';

/** A file from the user. */
export interface GivenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A model as ONNX, for a download, with its text and warnings. */
export interface ExportedFile {
  readonly bytes: Uint8Array;
  readonly warnings: readonly string[];
  /** The model as text. */
  readonly summary: string;
  readonly milliseconds: number;
}

/**
 * Exports a saved TensorFlow.js layers model: its model.json and all weight files that it names.
 *
 * @throws OndaError in one sentence for files that are missing or damaged, or a model that ONNX cannot express
 */
export function exportFiles(files: readonly GivenFile[], stateful: boolean): ExportedFile {
  const documents = files.filter(({ name }) => name.endsWith('.json'));
  if (documents.length !== 1) {
    throw new DataError(
      `files: expected one model.json with its weight files, got ${documents.length} JSON files among ${files.length}; choose them all at once`,
    );
  }
  const [document] = documents;
  const start = performance.now();
  const artifacts = readSavedModel(new TextDecoder().decode(document.bytes), document.name, (path) => {
    const name = path.split('/').at(-1) ?? path;
    const shard = files.find((file) => file.name === name);
    if (shard) return shard.bytes;
    throw new DataError(
      `${document.name}: expected its weight file ${name} too, got ${files.length - 1} other files without it; choose them all at once`,
    );
  });
  const { model, bytes, warnings } = exportModel(artifacts, { stateful });
  return { bytes, warnings, summary: printModel(model), milliseconds: performance.now() - start };
}

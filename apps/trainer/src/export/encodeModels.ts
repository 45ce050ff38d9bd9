import { ConfigError } from '@onda/contract';
import { writeModel, writeSplitModel, type Model } from '@onda/onnx';
import type { Pieces } from '../pieces.ts';

/** Protobuf's limit is 2 GB; nodes and names of nets take far less than the rest. */
const mostInside = 2_000_000_000;

/**
 * Encodes models, each with a file `<name>.data` beside it where `externalData` asks for one.
 *
 * @throws ConfigError for weights beyond protobuf's 2 GB that are to stay inside
 */
export function encodeModels(
  models: Readonly<Record<string, Model>>,
  externalData: boolean,
): Record<string, Pieces> {
  const files: Record<string, Pieces> = {};
  for (const [name, model] of Object.entries(models)) {
    if (externalData) {
      const beside = `${name}.data`;
      const { file, data } = writeSplitModel(model, beside);
      files[name] = [file];
      files[beside] = data;
      continue;
    }
    const size = model.graph.initializers.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (size > mostInside) {
      throw new ConfigError(
        `${name}: expected weights of at most ${mostInside} bytes inside an ONNX file, got ${size}; add --external-data, and --no-verify, since a file that large is not loaded from memory`,
      );
    }
    files[name] = [writeModel(model)];
  }
  return files;
}

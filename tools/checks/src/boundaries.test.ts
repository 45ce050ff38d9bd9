import path from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const boundaries = '@nx/enforce-module-boundaries';

/** What the project's own ESLint configuration says of `text`, were it the index of `library`. */
async function boundaryMessages(library: string, text: string): Promise<string[]> {
  const eslint = new ESLint({ cwd: root });
  const [result] = await eslint.lintText(text, {
    filePath: path.join(root, 'libs', library, 'src/index.ts'),
  });
  return result.messages.filter(({ ruleId }) => ruleId === boundaries).map(({ message }) => message);
}

describe('module boundaries', () => {
  it.each([
    ['exporter', '@onda/training', 'the trainer app joins training and exporter'],
    ['training', '@onda/exporter', 'the trainer app joins training and exporter'],
    ['contract', '@onda/series', 'contract imports no other library'],
    ['runtime', '@onda/runtime-node', 'the interface does not know its adapters'],
    ['exporter', '@tensorflow/tfjs-core', 'the exporter reads artifacts, not live TensorFlow.js objects'],
    ['runtime', 'onnxruntime-node', 'a library for every platform does not reach for one'],
  ])(
    '%s may not import %s: %s',
    async (library, target) => {
      const messages = await boundaryMessages(
        library,
        `import * as other from '${target}';\n\nexport const x = other;\n`,
      );
      expect(messages).toHaveLength(1);
    },
    60_000,
  );

  it.each([
    ['training', '@onda/nets'],
    ['exporter', '@onda/onnx'],
    ['runtime-node', '@onda/runtime'],
  ])(
    '%s may import %s',
    async (library, target) => {
      const messages = await boundaryMessages(
        library,
        `import * as other from '${target}';\n\nexport const x = other;\n`,
      );
      expect(messages).toEqual([]);
    },
    60_000,
  );
});

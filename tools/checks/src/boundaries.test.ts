import path from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { allowedScopes } from './boundaries.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const boundaries = '@nx/enforce-module-boundaries';

/** The boundary messages of the project's ESLint configuration for `text` as the index file of `library`. */
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
    ['runtime', '@onda/runtime-node', 'the interface does not depend on its adapters'],
    ['exporter', '@tensorflow/tfjs-core', 'the exporter reads artifacts, not TensorFlow.js objects'],
    ['serving', 'fastify', 'the server app holds the HTTP routes'],
    ['serving', '@onda/grpc-server', 'the server app joins serving and grpc-server'],
    ['grpc-server', '@onda/serving', 'the server app joins serving and grpc-server'],
    ['serving', '@onda/training', 'serving runs fitted models'],
    ['runtime', 'onnxruntime-node', 'the library is platform-independent'],
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
    ['serving', '@onda/runtime-node'],
    ['grpc-server', '@onda/contract'],
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

describe('allowedScopes', () => {
  it('keeps training and exporter, and serving and grpc-server, independent of each other', () => {
    expect(allowedScopes.training).not.toContain('exporter');
    expect(allowedScopes.exporter).not.toContain('training');
    expect(allowedScopes.serving).not.toContain('grpc-server');
    expect(allowedScopes['grpc-server']).toEqual(['contract']);
  });

  it('has no cycle', () => {
    const scopes: Record<string, readonly string[]> = allowedScopes;
    const reaches = (from: string, to: string): boolean =>
      scopes[from].some((next) => next === to || reaches(next, to));
    expect(Object.keys(scopes).filter((scope) => reaches(scope, scope))).toEqual([]);
  });
});

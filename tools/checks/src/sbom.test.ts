import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeSbom } from './sbom.ts';

describe(makeSbom, () => {
  it('lists the runtime packages by name and package URL, without development tools', () => {
    const sbom = makeSbom(path.resolve(import.meta.dirname, '../../..'));
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'onda' } } });
    const names = sbom.components.map((component) => component.name);
    expect(names).toEqual(
      expect.arrayContaining(['server', 'fastify', 'onnxruntime-node', '@grpc/proto-loader']),
    );
    for (const tool of ['nx', 'eslint', 'prettier']) expect(names).not.toContain(tool);
    const server = sbom.dependencies.find(({ ref }) => ref.startsWith('@onda/server@'));
    expect(server?.dependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^fastify@/)]));
  });
});

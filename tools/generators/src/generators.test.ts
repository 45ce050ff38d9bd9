import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import type { Tree } from '@nx/devkit';
import { readJson } from '@nx/devkit';
import { describe, expect, it } from 'vitest';
import { cellGenerator } from './cell.ts';
import { layerGenerator } from './layer.ts';
import { libraryGenerator } from './library.ts';

const workspace = path.resolve(import.meta.dirname, '../../..');

/** A virtual workspace with files of this one. */
function treeWith(...files: string[]): Tree {
  const tree = createTreeWithEmptyWorkspace();
  for (const file of ['package.json', '.prettierrc.json', ...files]) {
    tree.write(file, readFileSync(path.join(workspace, file), 'utf8'));
  }
  return tree;
}

describe(libraryGenerator, () => {
  const boundaries = 'tools/checks/src/boundaries.mjs';

  it('writes the configuration, one module, its test and the tags', async () => {
    const tree = treeWith(boundaries);
    await libraryGenerator(tree, { name: 'signal-filters', platform: 'node', description: 'Filters' });
    expect(tree.children('libs/signal-filters').sort()).toEqual([
      'package.json',
      'src',
      'tsconfig.json',
      'tsconfig.lib.json',
      'tsconfig.spec.json',
      'vitest.config.ts',
    ]);
    expect(tree.children('libs/signal-filters/src').sort()).toEqual([
      'index.ts',
      'signalFilters.test.ts',
      'signalFilters.ts',
    ]);
    expect(readJson(tree, 'libs/signal-filters/package.json')).toMatchObject({
      name: '@onda/signal-filters',
      description: 'Filters',
      exports: { '.': './src/index.ts' },
      nx: { name: 'signal-filters', tags: ['platform:node', 'type:lib', 'scope:signal-filters'] },
    });
    expect(tree.read('libs/signal-filters/tsconfig.lib.json', 'utf8')).toContain('tsconfig.node.json');
    expect(tree.read('libs/signal-filters/src/index.ts', 'utf8')).toBe(
      "export { signalFilters } from './signalFilters.ts';\n",
    );
  });

  it('lets the library import the contract alone', async () => {
    const tree = treeWith(boundaries);
    await libraryGenerator(tree, { name: 'signal-filters' });
    expect(tree.read(boundaries, 'utf8')).toContain("  'signal-filters': ['contract'],\n};");
  });

  it('refuses a name that is taken', async () => {
    const tree = treeWith(boundaries, 'libs/series/package.json');
    await expect(libraryGenerator(tree, { name: 'series' })).rejects.toThrow(
      'library: libs/series exists; choose another name',
    );
  });
});

describe(layerGenerator, () => {
  const registry = 'libs/exporter/src/layers/registry.ts';

  it.each(['Limit', 'AAFirst', 'ZZLast'])(
    'writes the rule of %s and its test, and registers the rule',
    async (name) => {
      const tree = treeWith(registry);
      await layerGenerator(tree, { name });
      const camelName = name === 'Limit' ? 'limit' : name === 'AAFirst' ? 'aAFirst' : 'zZLast';
      expect(tree.read(`libs/exporter/src/layers/${camelName}.ts`, 'utf8')).toContain(`  ${name}: {`);
      expect(tree.exists(`libs/exporter/test/export${name}.test.ts`)).toBe(true);
      const text = tree.read(registry, 'utf8') ?? '';
      expect(text).toContain(`import { ${camelName}Layers } from './${camelName}.ts';\n`);
      expect(text).toContain(`    ...${camelName}Layers,\n`);
    },
  );

  it('refuses a name that is taken', async () => {
    const tree = treeWith(registry);
    await layerGenerator(tree, { name: 'Limit' });
    await expect(layerGenerator(tree, { name: 'Limit' })).rejects.toThrow(
      'layer: libs/exporter/src/layers/limit.ts exists; add the class to it, or choose another name',
    );
  });
});

describe(cellGenerator, () => {
  const files = [
    'libs/contract/src/fitConfig.ts',
    'libs/kernels/core/rnnCell.h',
    'libs/kernels/wasm/abi.cc',
    'libs/nets/src/layers/recurrentLayers.ts',
    'libs/kernels/src/recurrentOp.ts',
    'libs/nets/src/testing/referenceRecurrent.ts',
  ];

  it('adds the kind, the class in C++, the layer, the reference and the entries of tables', async () => {
    const tree = treeWith(...files);
    await cellGenerator(tree, { name: 'mgu' });
    const text = (file: string): string => tree.read(file, 'utf8') ?? '';
    expect(text('libs/contract/src/fitConfig.ts')).toContain(
      "cellKinds = ['rnn', 'lstm', 'gru', 'mgu'] as const",
    );
    expect(text('libs/kernels/core/mguCell.h')).toContain('class MguCell {');
    expect(text('libs/kernels/wasm/abi.cc')).toMatch(
      /#include "..\/core\/mguCell.h"[\s\S]*, kMgu \};[\s\S]*case kMgu:\n +return work\(static_cast<MguCell\*>/,
    );
    expect(text('libs/nets/src/layers/recurrentLayers.ts')).toMatch(/class OndaMGU [\s\S]*mgu: OndaMGU,/);
    expect(text('libs/kernels/src/recurrentOp.ts')).toMatch(
      /gateCounts = \{[^}]*mgu: 1[\s\S]*reserveCounts = \{[^}]*mgu: 0/,
    );
    expect(text('libs/nets/src/testing/referenceRecurrent.ts')).toContain("case 'mgu':\n    case 'rnn':");
  });

  it('refuses a name that is taken', async () => {
    const tree = treeWith(...files);
    await expect(cellGenerator(tree, { name: 'rnn' })).rejects.toThrow(
      'cell: libs/kernels/core/rnnCell.h exists; choose another name',
    );
  });
});

import { fileURLToPath } from 'node:url';
import type { GeneratorCallback, Tree } from '@nx/devkit';
import { formatFiles, generateFiles, installPackagesTask, names, readJson, writeJson } from '@nx/devkit';
import { addProperty } from './editTables.ts';

export interface LibraryOptions {
  /** In kebab case: the folder below libs/ and the package @onda/NAME. */
  name: string;
  platform?: 'any' | 'node' | 'web';
  description?: string;
}

const templates = fileURLToPath(new URL('../templates/library', import.meta.url));

/** `nx g @onda/generators:library NAME`: a library that may import libs/contract, with one module and its test. */
export async function libraryGenerator(
  tree: Tree,
  { name, platform = 'any', description = 'A library of Onda' }: LibraryOptions,
): Promise<GeneratorCallback> {
  const root = `libs/${name}`;
  if (tree.exists(root)) throw new Error(`library: ${root} exists; choose another name`);
  generateFiles(tree, templates, root, { name, platform, camelName: names(name).propertyName });
  writeJson(tree, `${root}/package.json`, {
    name: `@onda/${name}`,
    version: readJson<{ version: string }>(tree, 'package.json').version,
    private: true,
    description,
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: false,
    exports: { '.': './src/index.ts' },
    nx: { name, tags: [`platform:${platform}`, 'type:lib', `scope:${name}`] },
  });
  addProperty(tree, 'tools/checks/src/boundaries.mjs', 'allowedScopes', name, "['contract']");
  await formatFiles(tree);
  return () => {
    installPackagesTask(tree, true);
    console.log(
      `Next: list ${root} in docs/architecture.md, and what it may import in tools/checks/src/boundaries.mjs.`,
    );
  };
}

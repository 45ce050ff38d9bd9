import { fileURLToPath } from 'node:url';
import type { GeneratorCallback, Tree } from '@nx/devkit';
import { formatFiles, generateFiles, names } from '@nx/devkit';
import ts from 'typescript';
import { findAll, insert, parse } from './editTables.ts';

export interface LayerOptions {
  /** The class name of the TensorFlow.js layer. */
  name: string;
}

const templates = fileURLToPath(new URL('../templates/layer', import.meta.url));
const registry = 'libs/exporter/src/layers/registry.ts';

/** `nx g @onda/generators:layer NAME`: a layer class of the exporter in a new file, registered, with a test against TensorFlow.js. */
export async function layerGenerator(tree: Tree, { name }: LayerOptions): Promise<GeneratorCallback> {
  const camelName = names(name).propertyName;
  const file = `libs/exporter/src/layers/${camelName}.ts`;
  if (tree.exists(file))
    throw new Error(`layer: ${file} exists; add the class to it, or choose another name`);
  generateFiles(tree, templates, 'libs/exporter', { name, camelName });
  register(tree, camelName);
  await formatFiles(tree);
  return () => {
    console.log(
      `Next: write the equations in ${file} and its test; docs/adding-a-layer.md says what else a layer needs.`,
    );
  };
}

/** Imports the family and spreads it into the table of rules, both in alphabetical order. */
function register(tree: Tree, camelName: string): void {
  const source = parse(tree, registry);
  const family = `${camelName}Layers`;
  const imports = findAll(source, ts.isImportDeclaration);
  const nextImport = imports.find(({ moduleSpecifier }) => moduleSpecifier.getText() > `'./${camelName}.ts'`);
  const spreads = findAll(source, ts.isSpreadAssignment);
  const nextSpread = spreads.find(({ expression }) => expression.getText() > family);
  insert(tree, registry, [
    {
      position: nextImport?.getStart() ?? imports[imports.length - 1].getEnd() + 1,
      text: `import { ${family} } from './${camelName}.ts';\n`,
    },
    nextSpread
      ? { position: nextSpread.getStart(), text: `...${family},\n` }
      : { position: spreads[spreads.length - 1].getEnd(), text: `,\n...${family}` },
  ]);
}

import type { GeneratorCallback, Tree } from '@nx/devkit';
import { formatFiles, visitNotIgnoredFiles } from '@nx/devkit';
import ts from 'typescript';
import { findAll, insert, parse, readText } from './editTables.ts';

export interface CellOptions {
  /** The kind of the cell, as configurations name it. */
  name: string;
}

const contract = 'libs/contract/src/fitConfig.ts';
const layers = 'libs/nets/src/layers/recurrentLayers.ts';
const core = 'libs/kernels/core';
const abi = 'libs/kernels/wasm/abi.cc';
const reference = 'libs/nets/src/testing/referenceRecurrent.ts';

/**
 * `nx g @onda/generators:cell NAME`: a cell that starts with the equations of the plain cell (rnn). It gets a kind, a layer class, a
 * class in the C++ core, and an entry in every table of cells: the copy of the entry of rnn.
 */
export async function cellGenerator(tree: Tree, { name }: CellOptions): Promise<GeneratorCallback> {
  const kernel = `${core}/${name}Cell.h`;
  if (tree.exists(kernel)) throw new Error(`cell: ${kernel} exists; choose another name`);
  const rename = (text: string): string => text.replaceAll('OndaRNN', `Onda${name.toUpperCase()}`);

  tree.write(kernel, readText(tree, `${core}/rnnCell.h`).replaceAll('RnnCell', className(name)));
  addKind(tree, name);
  addLayerClass(tree, name);
  addToModule(tree, name);
  addReferenceCase(tree, name);
  const tables = copyEntries(tree, name, rename);
  await formatFiles(tree);
  return () => {
    console.log(
      [
        `Next: write the equations in ${kernel} and ${reference}, review the entries that are copies of rnn, add the cell to the variants in libs/nets/src/testing/recurrentCase.ts and its ops to libs/tfjs-native/native/ops/recurrentOps.cc, run npm run build:kernels and npm run setup, and correct tests whose texts list the cells:`,
        ...tables.map((file) => `  ${file}`),
      ].join('\n'),
    );
  };
}

function addKind(tree: Tree, name: string): void {
  const source = parse(tree, contract);
  const kinds = findAll(source, ts.isArrayLiteralExpression).find(
    ({ elements, parent }) =>
      elements.some((element) => ts.isStringLiteral(element) && element.text === 'rnn') &&
      parent.parent.getText().startsWith('cellKinds'),
  );
  if (!kinds) throw new Error(`${contract}: expected an array named cellKinds`);
  insert(tree, contract, [
    { position: kinds.elements[kinds.elements.length - 1].getEnd(), text: `, '${name}'` },
  ]);
}

function addLayerClass(tree: Tree, name: string): void {
  const source = parse(tree, layers);
  const table = findAll(source, ts.isVariableStatement).find((statement) =>
    statement.getText().includes('recurrentLayers'),
  );
  if (!table) throw new Error(`${layers}: expected a table named recurrentLayers`);
  const className = `Onda${name.toUpperCase()}`;
  const text = `
/** The ${name} layer. */
export class ${className} extends RecurrentLayer {
  static readonly className = '${className}';

  override get cell(): '${name}' {
    return '${name}';
  }
}
`;
  insert(tree, layers, [{ position: table.getFullStart(), text: `\n${text}` }]);
}

/** Name of the class of a cell in C++. */
const className = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Cell`;

/** Adds the cell to the exported functions of the WebAssembly module, whose numbers of cells are the order of `cellKinds`. */
function addToModule(tree: Tree, name: string): void {
  const number = `k${className(name).slice(0, -'Cell'.length)}`;
  const insertions: [after: RegExp, text: string][] = [
    [/#include "\.\.\/core\/rnnCell\.h"\n/, `$&#include "../core/${name}Cell.h"\n`],
    [/enum CellNumber \{ .*(?= \};)/, `$&, ${number}`],
    [
      /( +)case kRnn:\n.*\n/,
      `$&$1case ${number}:\n$1  return work(static_cast<${className(name)}*>(nullptr));\n`,
    ],
  ];
  let text = readText(tree, abi);
  for (const [after, added] of insertions) {
    if (!after.test(text)) throw new Error(`${abi}: expected text that matches ${String(after)}`);
    text = text.replace(after, added);
  }
  tree.write(abi, text);
}

function addReferenceCase(tree: Tree, name: string): void {
  const plain = findAll(parse(tree, reference), ts.isCaseClause).find(
    ({ expression }) => ts.isStringLiteral(expression) && expression.text === 'rnn',
  );
  if (!plain) throw new Error(`${reference}: expected a case for 'rnn'`);
  insert(tree, reference, [{ position: plain.getStart(), text: `case '${name}':\n` }]);
}

/** Copies the entry of rnn in every object of sources and tests that has one for each cell. Returns the files that it changed. */
function copyEntries(tree: Tree, name: string, rename: (text: string) => string): string[] {
  const changed: string[] = [];
  for (const folder of ['libs', 'tools/bench']) {
    visitNotIgnoredFiles(tree, folder, (file) => {
      if (!file.endsWith('.ts') || !readText(tree, file).includes('rnn')) return;
      const insertions = findAll(parse(tree, file), ts.isObjectLiteralExpression).flatMap((object) => {
        const entries = new Map(object.properties.map((property) => [property.name?.getText(), property]));
        const plain = entries.get('rnn');
        if (!plain || !entries.has('lstm') || !entries.has('gru') || entries.has(name)) return [];
        const copy = plain.getText().replace(/^rnn\b/, name);
        return [{ position: plain.getEnd(), text: `, ${rename(copy)}` }];
      });
      if (insertions.length === 0) return;
      insert(tree, file, insertions);
      changed.push(file);
    });
  }
  return changed.sort();
}

import type { Tree } from '@nx/devkit';
import ts from 'typescript';

/** The text of a file of the tree. */
export function readText(tree: Tree, file: string): string {
  const text = tree.read(file, 'utf8');
  if (text === null) throw new Error(`${file} does not exist; run the generator in the workspace of Onda`);
  return text;
}

/** An insertion of `text` at `position` of a file. */
interface Insertion {
  position: number;
  text: string;
}

/** Applies insertions, the last one first, so that positions stay valid. */
export function insert(tree: Tree, file: string, insertions: readonly Insertion[]): void {
  const text = [...insertions]
    .sort((a, b) => b.position - a.position)
    .reduce(
      (result, { position, text: added }) => result.slice(0, position) + added + result.slice(position),
      readText(tree, file),
    );
  tree.write(file, text);
}

export function parse(tree: Tree, file: string): ts.SourceFile {
  return ts.createSourceFile(file, readText(tree, file), ts.ScriptTarget.Latest, true);
}

/** Every node of a file that `is` accepts. */
export function findAll<T extends ts.Node>(source: ts.Node, is: (node: ts.Node) => node is T): T[] {
  const found: T[] = [];
  const visit = (node: ts.Node): void => {
    if (is(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The object of a top-level constant, without `as const` and `satisfies`. */
export function tableOf(source: ts.SourceFile, name: string): ts.ObjectLiteralExpression {
  const declaration = findAll(source, ts.isVariableDeclaration).find((node) => node.name.getText() === name);
  let value = declaration?.initializer;
  while (value && (ts.isAsExpression(value) || ts.isSatisfiesExpression(value))) value = value.expression;
  if (!value || !ts.isObjectLiteralExpression(value))
    throw new Error(`${source.fileName}: expected an object named ${name}`);
  return value;
}

/** Adds a property to the table that a file declares as `table`. */
export function addProperty(tree: Tree, file: string, table: string, key: string, value: string): void {
  const object = tableOf(parse(tree, file), table);
  const quoted = /^[A-Za-z_$][\w$]*$/.test(key) ? key : `'${key}'`;
  insert(
    tree,
    file,
    [{ position: object.properties.end, text: `, ${quoted}: ${value}` }].map(withoutDoubleComma(object)),
  );
}

/** A list that ends in a comma needs none before the next entry. */
export function withoutDoubleComma(object: {
  properties: ts.NodeArray<ts.Node>;
}): (insertion: Insertion) => Insertion {
  return ({ position, text }) => ({
    position,
    text: object.properties.hasTrailingComma ? text.replace(/^,/, '') : text,
  });
}

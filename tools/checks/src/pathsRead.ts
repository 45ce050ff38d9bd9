import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { packageOf } from './workspace.ts';

/** A part of a path that is known only when the program runs. */
const ANY = '*';

/**
 * The paths of the workspace that a source file names, relative to `root`, with `*` for the parts that are known only at run time.
 *
 * Evaluated are `import.meta.url`, `import.meta.dirname`, `new URL`, `path.join`, `path.resolve`, `import.meta.glob`, and constants of this
 * file and of files that it imports. In a file that names the workspace itself, a string that is the path of a tracked file or folder
 * counts too: it is used with the workspace as the working directory.
 */
export function pathsRead(root: string, file: string, tracked: readonly string[]): string[] {
  const module = loadModule(root, file);
  const found = new Set<string>();
  const literals = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    const value = evaluate(module, node);
    if (value !== undefined && path.isAbsolute(value)) {
      const relative = path.relative(root, value).split(path.sep).join('/');
      // A path with an unknown start, such as join(root, file): the file's literals say which.
      if (relative === '' || relative.startsWith(ANY)) found.add('');
      else if (!relative.startsWith('..')) found.add(relative);
      if (!relative.startsWith(ANY)) return;
    }
    for (const pattern of globPatterns(node)) {
      found.add(path.posix.join(path.posix.dirname(file), pattern));
    }
    if (ts.isStringLiteralLike(node)) literals.add(node.text.replace(/\/$/, ''));
    ts.forEachChild(node, visit);
  };
  visit(module.source);
  // A file that names the workspace itself reads the paths that its literals give.
  if (found.delete('')) {
    for (const text of literals) {
      const isFolder = text.includes('/') && tracked.some((name) => name.startsWith(`${text}/`));
      // A name that the package has too, such as README.md, is more likely the package's own.
      const isOwn = tracked.includes(`${packageOf(file)}/${text}`);
      if (isFolder || (tracked.includes(text) && !isOwn)) found.add(text);
    }
  }
  // The file itself and its folder are not reads of other files.
  return [...found].filter((name) => !isWithinOrAbove(file, name));
}

const isWithinOrAbove = (file: string, folder: string): boolean =>
  file === folder || file.startsWith(`${folder}/`);

interface Module {
  root: string;
  file: string;
  source: ts.SourceFile;
  /** Initializers of the constants at the top level. */
  constants: ReadonlyMap<string, ts.Expression>;
  /** The modules that names are imported from. */
  imports: ReadonlyMap<string, string>;
}

const modules = new Map<string, Module>();

function loadModule(root: string, file: string): Module {
  const key = path.join(root, file);
  const known = modules.get(key);
  if (known) return known;
  const source = ts.createSourceFile(file, readFileSync(key, 'utf8'), ts.ScriptTarget.Latest, true);
  const constants = new Map<string, ts.Expression>();
  const imports = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, node.initializer);
    } else if (
      ts.isImportDeclaration(node) &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      node.moduleSpecifier.text.startsWith('.')
    ) {
      const target = path.posix.join(path.posix.dirname(file), node.moduleSpecifier.text);
      const bindings = node.importClause?.namedBindings;
      if (bindings && ts.isNamedImports(bindings)) {
        for (const { name, propertyName } of bindings.elements) {
          if ((propertyName ?? name).text === name.text) imports.set(name.text, target);
        }
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const module = { root, file, source, constants, imports };
  modules.set(key, module);
  return module;
}

/** The text or path that an expression stands for; undefined where it is not known and not a path. */
function evaluate(module: Module, node: ts.Node, depth = 0): string | undefined {
  if (depth > 8) return undefined;
  const next = (part: ts.Node): string | undefined => evaluate(module, part, depth + 1);
  const known = (part: ts.Node): string => next(part) ?? ANY;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.reduce(
      (text, span) => text + known(span.expression) + span.literal.text,
      node.head.text,
    );
  }
  if (ts.isIdentifier(node)) return evaluateName(module, node, depth);
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return next(node.expression);
  if (ts.isPropertyAccessExpression(node)) return evaluateProperty(module, node, next);
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL') {
    const target = node.arguments?.at(0);
    const base = node.arguments?.at(1);
    if (!target || !base) return undefined;
    const from = next(base);
    if (from === undefined || !path.isAbsolute(from)) return undefined;
    // A base without a slash at its end is a file.
    const folder = from.endsWith('/') ? from : path.dirname(from);
    return joined([folder, known(target)]);
  }
  if (ts.isCallExpression(node)) {
    const called = node.expression.getText();
    const first = node.arguments.at(0);
    if (/^(?:path\.)?(?:posix\.)?(?:join|resolve)$/.test(called)) {
      const start = first ? next(first) : undefined;
      return start !== undefined && path.isAbsolute(start) ? joined(node.arguments.map(known)) : undefined;
    }
    if (/^(?:fileURLToPath|pathToFileURL|String|path\.dirname|dirname)$/.test(called) && first) {
      const value = next(first);
      return called.endsWith('dirname') && value !== undefined ? path.dirname(value) : value;
    }
    if (ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'replace') {
      return next(node.expression.expression);
    }
  }
  return undefined;
}

/** Joins parts of a path and keeps a slash at the end, which marks a folder for `new URL`. */
function joined(parts: readonly string[]): string {
  const text = path.join(...parts);
  return parts.at(-1)?.endsWith('/') && !text.endsWith('/') ? `${text}/` : text;
}

function evaluateName(module: Module, { text }: ts.Identifier, depth: number): string | undefined {
  const constant = module.constants.get(text);
  if (constant) return evaluate(module, constant, depth + 1);
  const target = module.imports.get(text);
  if (target === undefined || !/\.(?:ts|mjs)$/.test(target)) return undefined;
  const other = loadModule(module.root, target);
  const exported = other.constants.get(text);
  return exported && evaluate(other, exported, depth + 1);
}

function evaluateProperty(
  { root, file }: Module,
  node: ts.PropertyAccessExpression,
  next: (part: ts.Node) => string | undefined,
): string | undefined {
  const text = node.getText();
  if (text === 'import.meta.url' || text === 'import.meta.filename') return path.join(root, file);
  if (text === 'import.meta.dirname') return path.join(root, path.dirname(file));
  return ['href', 'pathname'].includes(node.name.text) ? next(node.expression) : undefined;
}

/** The patterns of `import.meta.glob`. */
function globPatterns(node: ts.Node): string[] {
  if (!ts.isCallExpression(node) || node.expression.getText() !== 'import.meta.glob') return [];
  const [patterns] = node.arguments;
  const list = ts.isArrayLiteralExpression(patterns) ? patterns.elements : [patterns];
  return list.flatMap((item) => (ts.isStringLiteralLike(item) ? [item.text] : []));
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { packageOf, trackedFiles } from './workspace.ts';

/** The size and shape of one package's product sources: no tests, no test helpers, no generated files. */
export interface PackageStructure {
  name: string;
  files: number;
  lines: number;
  /** Lines of a file, on average. */
  mean: number;
  /** Product files that exactly one product file imports. */
  oneImporter: number;
  /** Names that the package's index.ts exports; absent for apps and tools. */
  exported?: number;
  /** Files on the longest chain of imports within the package. */
  levels: number;
}

const product = /^(?:apps|libs|tools)\/[^/]+\/.*\.(?:ts|mts|mjs|js|cc|cpp|h|hpp|css|html|py)$/;
const notProduct =
  /\.(?:test|test-d|browser)\.ts$|^[^/]+\/[^/]+\/(?:test|node_modules|dist)\/|\/vite(?:st)?\.[^/]*config\.ts$/;

/** Product sources among `files`. */
export function productFiles(files: readonly string[]): string[] {
  return files.filter((file) => product.test(file) && !notProduct.test(file));
}

/** The structure of each package of a workspace, sorted by name. */
export function structure(root: string): PackageStructure[] {
  const files = productFiles(trackedFiles(root));
  const imports = new Map(files.map((file) => [file, importsOf(root, file)]));
  const importers = new Map<string, number>();
  for (const targets of imports.values()) {
    for (const target of targets) importers.set(target, (importers.get(target) ?? 0) + 1);
  }
  const names = [...new Set(files.map(packageOf))].sort();
  return names.map((name) => {
    const own = files.filter((file) => packageOf(file) === name);
    const lines = own.reduce((sum, file) => sum + countLines(root, file), 0);
    const index = `${name}/src/index.ts`;
    return {
      name,
      files: own.length,
      lines,
      mean: Math.round(lines / own.length),
      oneImporter: own.filter((file) => importers.get(file) === 1).length,
      ...(own.includes(index) ? { exported: exportedNames(root, index).length } : {}),
      levels: importLevels(own, imports),
    };
  });
}

/** A Markdown table of the packages, with the whole workspace in its last row. */
export function structureTable(packages: readonly PackageStructure[]): string {
  const sum = (field: 'files' | 'lines' | 'oneImporter'): number =>
    packages.reduce((total, row) => total + row[field], 0);
  const cells = packages.map((row) => [
    row.name,
    row.files,
    row.lines,
    row.mean,
    row.oneImporter,
    row.exported ?? '',
    row.levels,
  ]);
  const total = [
    'all',
    sum('files'),
    sum('lines'),
    Math.round(sum('lines') / sum('files')),
    sum('oneImporter'),
    '',
    '',
  ];
  return [
    ['package', 'files', 'lines', 'mean lines', 'files with one importer', 'exported names', 'import levels'],
    ['---', ...Array<string>(6).fill('---:')],
    ...cells,
    total,
  ]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

const countLines = (root: string, file: string): number =>
  readFileSync(path.join(root, file), 'utf8').split('\n').length - 1;

/** The workspace's files that `file` imports: by a relative path, or through the package of a library. */
export function importsOf(root: string, file: string): string[] {
  if (!/\.(?:ts|mts|mjs|js)$/.test(file)) return [];
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), 'utf8'), true, true);
  return [...new Set(importedFiles.map(({ fileName }) => resolveImport(root, file, fileName)))].filter(
    (target) => target !== undefined,
  );
}

function resolveImport(root: string, importer: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(importer), specifier.replace(/\?.*$/, ''));
    return existsSync(path.join(root, target)) ? target : undefined;
  }
  const [, library, entry] = /^@onda\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (!library) return undefined;
  const folder = ['libs', 'tools', 'apps']
    .map((top) => `${top}/${library}`)
    .find((name) => existsSync(path.join(root, name)));
  if (folder === undefined) return undefined;
  const { exports = {} } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as {
    exports?: Record<string, string>;
  };
  const target = entry ? (exports[`./${entry}`] ?? entry) : (exports['.'] ?? 'src/index.ts');
  return path.posix.join(folder, target);
}

/** The names that an index.ts lists. */
function exportedNames(root: string, index: string): string[] {
  const source = ts.createSourceFile(
    index,
    readFileSync(path.join(root, index), 'utf8'),
    ts.ScriptTarget.Latest,
  );
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) return [];
    return ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [];
  });
}

/** The longest chain of imports among `files`, counted in files; an import that closes a cycle is left out. */
function importLevels(files: readonly string[], imports: ReadonlyMap<string, readonly string[]>): number {
  const own = new Set(files);
  const depths = new Map<string, number>();
  const depth = (file: string, above: ReadonlySet<string>): number => {
    const known = depths.get(file);
    if (known !== undefined) return known;
    const next = (imports.get(file) ?? []).filter((target) => own.has(target) && !above.has(target));
    const found = 1 + Math.max(0, ...next.map((target) => depth(target, new Set([...above, file]))));
    depths.set(file, found);
    return found;
  };
  return Math.max(0, ...files.map((file) => depth(file, new Set([file]))));
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ProjectGraph, TargetConfiguration } from '@nx/devkit';
import { minimatch } from 'minimatch';
import { pathsRead } from './pathsRead.ts';
import { importsOf } from './structure.ts';
import type { Problem } from './workspace.ts';

/** An input of an Nx target, as nx.json and package.json write it. */
type Input = NonNullable<TargetConfiguration['inputs']>[number];

/** What the check needs of a workspace. */
export interface InputsWorkspace {
  root: string;
  /** Tracked files, relative to the root. */
  files: readonly string[];
  namedInputs: Readonly<Record<string, readonly Input[]>>;
  nodes: Readonly<Record<string, Pick<ProjectGraph['nodes'][string], 'name' | 'data'>>>;
  dependencies: Readonly<Record<string, readonly { target: string }[]>>;
}

/**
 * Files that a cached target reads although they are not among its inputs: Nx would replay an old result after they change.
 *
 * The files that a target runs are its tests (the `include` of its Vitest configuration), its script, or its ESLint configuration, and
 * all that these import. Each of them must be an input, and so must the files whose paths they name (`pathsRead`).
 */
export async function uncoveredReads(workspace: InputsWorkspace): Promise<Problem[]> {
  const problems: Problem[] = [];
  const readsOf = memoize((file: string): Reads => ({
    imports: importsOf(workspace.root, file),
    paths: pathsRead(workspace.root, file, workspace.files),
  }));
  for (const { name, data } of Object.values(workspace.nodes)) {
    for (const [target, configuration] of Object.entries(data.targets ?? {})) {
      if (configuration.cache !== true) continue;
      const entries = await entriesOf(workspace, data.root, configuration);
      if (entries.length === 0) continue;
      const isInput = inputMatcher(workspace, name, configuration.inputs ?? []);
      // One finding per reader: the rest of a folder is as uncovered as its first file.
      const uncovered = new Map<string, string[]>();
      for (const [file, reader] of filesRead(workspace, entries, readsOf)) {
        // What an uncovered file reads is reported once that file is an input.
        const isNew = file === reader || isInput(reader);
        if (isNew && !isInput(file)) uncovered.set(reader, [...(uncovered.get(reader) ?? []), file]);
      }
      for (const [place, [first, ...more]] of uncovered) {
        const rest = more.length > 0 ? ` and ${more.length} more files` : '';
        problems.push({
          place,
          text: `${name}:${target} reads ${first}${rest}, expected among its inputs; add them to the inputs of the target, or their project to implicitDependencies`,
        });
      }
    }
  }
  return problems;
}

/** The files that a source file imports, and the paths that it names. */
interface Reads {
  imports: readonly string[];
  paths: readonly string[];
}

function memoize<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
}

/** The files that a target starts from. */
async function entriesOf(
  { root, files }: InputsWorkspace,
  project: string,
  { options, command = (options as { command?: string } | undefined)?.command ?? '' }: TargetConfiguration,
): Promise<string[]> {
  const script = /(?:node|tsx) (?:--\S+ \S+ )*(\S+\.(?:ts|mjs))/.exec(command)?.[1];
  if (script && files.includes(script)) return [script];
  if (command.startsWith('eslint')) return files.includes('eslint.config.mjs') ? ['eslint.config.mjs'] : [];
  if (command.startsWith('vite build')) {
    return files.filter(
      (file) =>
        file.startsWith(`${project}/`) && /vite\.config\.ts$|\/src\/(?!.*\.test\.ts$).*\.ts$/.test(file),
    );
  }
  if (!command.startsWith('vitest')) return [];
  const config = path.posix.join(project, /-c (\S+)/.exec(command)?.[1] ?? 'vitest.config.ts');
  const { default: loaded } = (await import(pathToFileURL(path.join(root, config)).href)) as {
    default: { test?: { include?: string[]; exclude?: string[] } };
  };
  const { include = [], exclude = [] } = loaded.test ?? {};
  const isTest = (file: string): boolean =>
    include.some((pattern) => minimatch(file, pattern)) &&
    !exclude.some((pattern) => minimatch(file, pattern));
  const tests = files.filter(
    (file) => file.startsWith(`${project}/`) && isTest(file.slice(project.length + 1)),
  );
  return [config, ...tests];
}

/** The files that a run reads, each with the file that imports or names it. A script that is named by its path runs too. */
function filesRead(
  { files }: InputsWorkspace,
  entries: readonly string[],
  readsOf: (file: string) => Reads,
): Map<string, string> {
  const found = new Map<string, string>();
  const scripts: string[] = [];
  const add = (file: string, reader: string, runs: boolean): void => {
    if (found.has(file)) return;
    found.set(file, reader);
    if (runs && /\.(?:ts|mjs)$/.test(file)) scripts.push(file);
  };
  for (const entry of entries) add(entry, entry, true);
  for (let script = scripts.pop(); script !== undefined; script = scripts.pop()) {
    const { imports, paths } = readsOf(script);
    for (const target of imports) add(target, script, true);
    for (const pattern of paths) {
      for (const file of files) if (isWithin(file, pattern)) add(file, script, file === pattern);
    }
  }
  return found;
}

const isWithin = (file: string, pattern: string): boolean =>
  file === pattern ||
  file.startsWith(`${pattern}/`) ||
  (pattern.includes('*') && (minimatch(file, pattern) || minimatch(file, `${pattern}/**`)));

/** Whether a file is among a target's inputs: its own filesets, the named inputs, and those of the projects it depends on (`^`). */
function inputMatcher(
  workspace: InputsWorkspace,
  project: string,
  inputs: readonly Input[],
): (file: string) => boolean {
  const matchers = inputs.map((input) => {
    const text = typeof input === 'string' ? input : 'fileset' in input ? input.fileset : undefined;
    if (text === undefined) return () => false;
    if (!text.startsWith('^')) return filesets(workspace, project, [text]);
    const dependencies = dependenciesOf(workspace, project).map((name) =>
      filesets(workspace, name, [text.slice(1)]),
    );
    return (file: string) => dependencies.some((matches) => matches(file));
  });
  return (file) => matchers.some((matches) => matches(file));
}

/** The filesets that `names` stand for in a project. A pattern with `!` excludes files of the patterns beside it. */
function filesets(
  workspace: InputsWorkspace,
  project: string,
  names: readonly string[],
): (file: string) => boolean {
  const { data } = workspace.nodes[project];
  const namedInputs = new Map(Object.entries(workspace.namedInputs));
  const expand = (input: Input): string[] => {
    if (typeof input !== 'string') return 'fileset' in input ? [input.fileset] : [];
    const named = data.namedInputs?.[input] ?? namedInputs.get(input);
    return named ? named.flatMap(expand) : [input];
  };
  const patterns = names
    .flatMap(expand)
    .map((pattern) => pattern.replace('{projectRoot}', data.root).replace('{workspaceRoot}/', ''));
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const included = patterns.filter((pattern) => !pattern.startsWith('!'));
  const some = (list: readonly string[], file: string): boolean =>
    list.some((pattern) => minimatch(file, pattern, { dot: true }));
  return (file) => some(included, file) && !some(excluded, file);
}

/** The projects that a project depends on, also through others. */
function dependenciesOf({ dependencies }: InputsWorkspace, project: string): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const { target } of dependencies[name] ?? []) {
      if (target.startsWith('npm:') || found.has(target)) continue;
      found.add(target);
      visit(target);
    }
  };
  visit(project);
  return [...found];
}

/** The workspace of a folder with an nx.json: its project graph and its tracked files. */
export async function readInputsWorkspace(root: string, files: readonly string[]): Promise<InputsWorkspace> {
  const { createProjectGraphAsync } = await import('@nx/devkit');
  const { namedInputs = {} } = JSON.parse(readFileSync(path.join(root, 'nx.json'), 'utf8')) as {
    namedInputs?: Record<string, Input[]>;
  };
  const { nodes, dependencies } = await createProjectGraphAsync({ exitOnError: false });
  return { root, files, namedInputs, nodes, dependencies };
}

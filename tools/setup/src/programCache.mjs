// @ts-check
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { contentKey, fillFolderAtomic } from './files.mjs';
import { withLock } from './lock.mjs';

/** How long a program of older sources is kept: a service may still be running from it. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/**
 * A TypeScript program compiled to JavaScript in node_modules/.onda/programs, once for each state of its sources: loading TypeScript
 * takes a second at each start.
 * @param {import('./context.mjs').Context} context
 * @param {string} name
 * @param {readonly string[]} sources files and folders that decide the result
 * @param {(folder: string, target: string) => Promise<void>} compile writes cli.mjs into `folder`, which becomes `target`
 * @returns {Promise<string>} path of cli.mjs
 */
export async function ensureProgram({ root, log }, name, sources, compile) {
  const programs = join(root, 'node_modules', '.onda', 'programs');
  const target = join(programs, `${name}-${sourcesKey(root, sources)}`);
  const program = join(target, 'cli.mjs');
  if (existsSync(program)) return program;
  await withLock(
    join(programs, `${name}.lock`),
    async () => {
      if (existsSync(program)) return;
      await fillFolderAtomic(target, (folder) => compile(folder, target));
      removeOldPrograms(programs, name, target);
    },
    { log },
  );
  return program;
}

/**
 * A key of names, sizes and times of the sources.
 * @param {string} root
 * @param {readonly string[]} sources
 */
function sourcesKey(root, sources) {
  /** @type {string[]} */
  const parts = [root, process.versions.modules];
  /** @param {string} path */
  const add = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) parts.push(`${relative(root, path)} ${stat.size} ${stat.mtimeMs}`);
    else for (const name of readdirSync(path)) if (!name.endsWith('.test.ts')) add(join(path, name));
  };
  for (const path of [join(root, 'package-lock.json'), ...sources]) add(path);
  return contentKey(parts);
}

/**
 * @param {string} programs
 * @param {string} name
 * @param {string} current
 */
function removeOldPrograms(programs, name, current) {
  for (const other of readdirSync(programs)) {
    const path = join(programs, other);
    if (!other.startsWith(`${name}-`) || path === current) continue;
    if (statSync(path).mtimeMs < Date.now() - KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}

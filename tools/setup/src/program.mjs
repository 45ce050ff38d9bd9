// @ts-check
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillFolderBeside } from './beside.mjs';
import { contentKey } from './hash.mjs';
import { withLock } from './lock.mjs';
import { messageOf, SetupError } from './setupError.mjs';
import { waitAloud } from './place.mjs';

/** @typedef {import('./place.mjs').Place} Place */

/** What makes the programs: how they are made is part of what they are. */
const builders = ['./buildProgram.mjs', './requiredPackages.mjs'];

/** How long a program of older sources is kept: a service may still be running from it. */
const keptMs = 7 * 24 * 3600 * 1000;

/**
 * An app's command line as JavaScript, made once for each state of the sources: reading TypeScript anew takes a command a second at
 * each start.
 * @param {Place} place
 * @param {string} app a folder of apps/
 * @returns {Promise<string>} the file to run
 * @throws {SetupError} with the compiler's words for sources that cannot be read
 */
export async function ensureProgram(place, app) {
  const programs = join(place.root, 'node_modules', '.onda', 'programs');
  const folder = join(programs, `${app}-${sourcesKey(place.root, app)}`);
  const program = join(folder, 'cli.mjs');
  if (existsSync(program)) return program;
  await withLock(
    join(programs, `${app}.lock`),
    async () => {
      if (existsSync(program)) return;
      await compileInto(place.root, app, folder);
      forgetOthers(programs, app, folder);
    },
    waitAloud(place),
  );
  return program;
}

/**
 * Compiles an app's command line into a folder, whole or not at all.
 * @param {string} root
 * @param {string} app a folder of apps/
 * @param {string} folder
 * @returns {Promise<readonly string[]>} the packages that it needs beside it
 * @throws {SetupError} with the compiler's words for sources that cannot be read
 */
export async function compileInto(root, app, folder) {
  const { buildProgram } = await import('./buildProgram.mjs');
  /** @type {string[]} */
  let outside = [];
  await fillFolderBeside(folder, async (temporary) => {
    outside = await buildProgram(root, app, temporary);
  }).catch((error) => {
    throw new SetupError(`${app}: its sources could not be compiled (${messageOf(error)}); correct that.`);
  });
  return outside;
}

/**
 * What a program depends on: names, sizes and times of its sources, how they are compiled, and the packages.
 * @param {string} root
 * @param {string} app
 */
function sourcesKey(root, app) {
  const libs = join(root, 'libs');
  const folders = [
    join(root, 'apps', app, 'src'),
    ...readdirSync(libs).map((name) => join(libs, name, 'src')),
  ];
  /** @type {string[]} */
  const parts = [root, process.versions.modules];
  const files = [join(root, 'package-lock.json'), ...builders.map(besideThis)];
  for (const file of files) parts.push(stampOf(root, file));
  for (const folder of folders) if (existsSync(folder)) listSources(root, folder, parts);
  return contentKey(parts);
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {string[]} parts
 */
function listSources(root, folder, parts) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) listSources(root, path, parts);
    else if (!entry.name.endsWith('.test.ts')) {
      parts.push(stampOf(root, path));
    }
  }
}

/** @param {string} name */
function besideThis(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

/**
 * @param {string} root
 * @param {string} file
 */
function stampOf(root, file) {
  const { size, mtimeMs } = statSync(file);
  return `${relative(root, file)} ${size} ${mtimeMs}`;
}

/**
 * @param {string} programs
 * @param {string} app
 * @param {string} current
 */
function forgetOthers(programs, app, current) {
  for (const name of readdirSync(programs)) {
    const path = join(programs, name);
    if (!name.startsWith(`${app}-`) || path === current) continue;
    if (statSync(path).mtimeMs < Date.now() - keptMs) rmSync(path, { recursive: true, force: true });
  }
}

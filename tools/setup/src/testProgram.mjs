// @ts-check
import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';
import { runChild, whyItFailed } from './child.mjs';
import { findOnPath, installCommand } from './machine.mjs';
import { stopwatch } from './place.mjs';
import { SetupError } from './setupError.mjs';

/** @typedef {import('./place.mjs').Place} Place */
/** @typedef {import('./testPrograms.mjs').TestProgram} TestProgram */

/**
 * A program for the tests: the one that its variable names, else one on PATH.
 * @param {TestProgram} program
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null}
 * @throws {SetupError} where the variable names what cannot be run
 */
export function findProgram({ part, variable, names }, env) {
  const named = env[variable];
  if (named) {
    try {
      accessSync(named, constants.X_OK);
      return named;
    } catch (error) {
      throw new SetupError(
        `${variable} names ${named}, which cannot be run; name ${part}'s program, or leave the variable out to have it looked for on PATH.`,
        { cause: error },
      );
    }
  }
  // Debian puts servers into sbin, which is not on every user's PATH.
  const PATH = `${env.PATH ?? ''}${delimiter}/usr/sbin`;
  for (const name of names) {
    const path = findOnPath(name, { PATH });
    if (path) return path;
  }
  return null;
}

/**
 * Finds a program or, as root on Debian's kind of system, installs it.
 * @param {Place} place
 * @param {TestProgram} program
 * @returns {Promise<{ row: import('./place.mjs').Row, path: string | null }>}
 */
export async function ensureProgram(place, program) {
  const seconds = stopwatch();
  const { part, field, variable, cost } = program;
  const found = findProgram(program, place.env);
  if (found) return { row: { part, state: 'found', detail: found, seconds: seconds() }, path: found };
  const remedy = `${installCommand(field, place.env)}; or name one in ${variable}`;
  /** @param {string} detail */
  const missing = (detail) => ({
    row: { part, state: /** @type {const} */ ('missing'), detail, cost, remedy, seconds: seconds() },
    path: null,
  });
  if (process.getuid?.() !== 0 || !findOnPath('apt-get', place.env)) return missing(`no ${part} was found`);
  place.log(`${part}: installing Debian's package`);
  // Runlevel 1: a package that brings a service must not start it.
  const env = { ...place.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', program.package]]) {
    const result = await runChild('apt-get', args, { env });
    if (result.code !== 0)
      return missing(`apt-get ${args[0]} did not bring ${part} (${whyItFailed(result, /^E:/)})`);
  }
  const installed = findProgram(program, place.env);
  if (!installed)
    return missing(`apt-get installed ${program.package}, but no program of that name is on PATH`);
  return { row: { part, state: 'brought in', detail: installed, seconds: seconds() }, path: installed };
}

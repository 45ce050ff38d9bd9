// @ts-check
import { accessSync, constants } from 'node:fs';
import { runChild, whyItFailed } from './child.mjs';
import { findOnPath, installCommand } from './machine.mjs';
import { stopwatch } from './place.mjs';
import { SetupError } from './setupError.mjs';

/** @typedef {import('./place.mjs').Place} Place */

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const cost = 'The browser tests are left out.';

/**
 * The browser for the tests: ONDA_CHROMIUM, else one on PATH.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null}
 * @throws {SetupError} where ONDA_CHROMIUM names what cannot be run
 */
export function findChromium(env) {
  if (env.ONDA_CHROMIUM) {
    try {
      accessSync(env.ONDA_CHROMIUM, constants.X_OK);
      return env.ONDA_CHROMIUM;
    } catch (error) {
      throw new SetupError(
        `ONDA_CHROMIUM names ${env.ONDA_CHROMIUM}, which cannot be run; name the browser's program, or leave the variable out to have it looked for on PATH.`,
        { cause: error },
      );
    }
  }
  for (const name of names) {
    const path = findOnPath(name, env);
    if (path) return path;
  }
  return null;
}

/**
 * Finds Chromium or, as root on Debian's kind of system, installs it.
 * @param {Place} place
 * @returns {Promise<{ row: import('./place.mjs').Row, chromium: string | null }>}
 */
export async function ensureChromium(place) {
  const seconds = stopwatch();
  const part = 'Chromium';
  const found = findChromium(place.env);
  if (found) return { row: { part, state: 'found', detail: found, seconds: seconds() }, chromium: found };
  const remedy = `${installCommand('chromium', place.env)}; or name one in ONDA_CHROMIUM`;
  /** @param {string} detail */
  const missing = (detail) => ({
    row: { part, state: /** @type {const} */ ('missing'), detail, cost, remedy, seconds: seconds() },
    chromium: null,
  });
  if (process.getuid?.() !== 0 || !findOnPath('apt-get', place.env)) return missing('no Chromium was found');
  place.log("Chromium: installing Debian's package");
  const env = { ...place.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const result = await runChild('apt-get', args, { env });
    if (result.code !== 0)
      return missing(`apt-get ${args[0]} did not bring Chromium (${whyItFailed(result, /^E:/)})`);
  }
  const installed = findChromium(place.env);
  if (!installed) return missing('apt-get installed chromium, but no program of that name is on PATH');
  return {
    row: { part, state: 'brought in', detail: installed, seconds: seconds() },
    chromium: installed,
  };
}

// @ts-check

/**
 * A program of the system that only the tests use.
 * @typedef {object} TestProgram
 * @property {string} part how the set-up's table calls it
 * @property {'chromium' | 'redis' | 'haproxy'} field where the set-up's record names it, and the key of its install command
 * @property {string} variable names the program where it is not on PATH, and tells the tests where it is
 * @property {readonly string[]} names on PATH
 * @property {string} package Debian's
 * @property {string} cost what one does without, a sentence
 */

/** @type {readonly TestProgram[]} */
export const testPrograms = [
  {
    part: 'Chromium',
    field: 'chromium',
    variable: 'ONDA_CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    package: 'chromium',
    cost: 'The browser tests are left out.',
  },
  {
    part: 'Redis',
    field: 'redis',
    variable: 'ONDA_REDIS_SERVER',
    names: ['redis-server', 'valkey-server'],
    package: 'redis-server',
    cost: 'The tests of sequences whose state is in Redis are left out.',
  },
  {
    part: 'HAProxy',
    field: 'haproxy',
    variable: 'ONDA_HAPROXY',
    names: ['haproxy'],
    package: 'haproxy',
    cost: 'The balancer of deploy/ is not tried.',
  },
];

/**
 * The variables that tell the tests where the programs are.
 * @param {import('./setupRecord.mjs').SetupRecord} record
 * @returns {Record<string, string>}
 */
export function programVariables(record) {
  /** @type {Record<string, string>} */
  const variables = {};
  for (const { field, variable } of testPrograms) {
    const path = record[field];
    if (path) variables[variable] = path;
  }
  return variables;
}

// @ts-check
import { SetupError } from './context.mjs';

/**
 * One stage of `npm test`.
 * @typedef {object} Stage
 * @property {string} name for --only
 * @property {string} title
 * @property {readonly string[]} command arguments of node
 * @property {'chromium'} [needs] the stage is skipped where this is missing
 */

const nx = 'node_modules/.bin/nx';

/** @type {readonly Stage[]} */
export const testStages = [
  { name: 'sync', title: 'TypeScript references', command: [nx, 'sync:check'] },
  {
    name: 'checks',
    title: 'Format, unused code, imports, inputs, links, prose',
    command: [nx, 'run-many', '-p', 'checks', '-t', 'format-check', 'knip', 'check', 'prose'],
  },
  {
    name: 'unit',
    title: 'Types, lint, unit tests',
    command: [nx, 'run-many', '-t', 'typecheck', 'lint', 'test'],
  },
  { name: 'build', title: 'Builds', command: [nx, 'run-many', '-t', 'build', '-p', 'web', 'exporter'] },
  {
    name: 'integration',
    title: 'Integration tests',
    command: [nx, 'run-many', '-t', 'integration', '--parallel=1'],
  },
  {
    name: 'browser',
    title: 'Browser tests',
    command: [nx, 'run-many', '-t', 'browser', '--parallel=1'],
    needs: 'chromium',
  },
];

/**
 * @param {string | undefined} only names of stages separated by commas; undefined: all stages
 * @returns {readonly Stage[]} the named stages, in the order of `testStages`
 * @throws {SetupError} for an unknown name
 */
export function chooseStages(only) {
  if (only === undefined) return testStages;
  const names = only.split(',');
  const unknown = names.find((name) => !testStages.some((stage) => stage.name === name));
  if (unknown !== undefined)
    throw new SetupError(
      `npm test: --only: expected names of ${testStages.map((stage) => stage.name).join(', ')}, got ${JSON.stringify(unknown)}.`,
    );
  return testStages.filter((stage) => names.includes(stage.name));
}

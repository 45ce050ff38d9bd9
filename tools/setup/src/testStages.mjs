// @ts-check
import { SetupError } from './setupError.mjs';

/**
 * One stage of `npm test`.
 * @typedef {object} Stage
 * @property {string} name for --only
 * @property {string} title
 * @property {readonly string[]} command arguments of node
 * @property {'chromium'} [needs] left out where the set-up could not bring it
 */

const nx = 'node_modules/.bin/nx';

/** @type {readonly Stage[]} */
export const testStages = [
  { name: 'sync', title: 'TypeScript references', command: [nx, 'sync:check'] },
  { name: 'format', title: 'Format', command: ['node_modules/.bin/prettier', '--check', '.'] },
  { name: 'knip', title: 'Unused code and dependencies', command: ['node_modules/.bin/knip'] },
  {
    name: 'checks',
    title: 'Import cycles, boundaries, file sizes, links',
    command: ['--import', 'tsx', 'tools/checks/src/cli.ts'],
  },
  {
    name: 'unit',
    title: 'Types, lint, unit tests, builds',
    command: [nx, 'run-many', '-t', 'typecheck', 'lint', 'test', 'build'],
  },
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
 * The stages that `--only` names, in their own order.
 * @param {string | undefined} only names separated by commas; undefined: all
 * @returns {readonly Stage[]}
 * @throws {SetupError} for a name that is no stage
 */
export function chooseStages(only) {
  if (only === undefined) return testStages;
  const names = only.split(',');
  const unknown = names.find((name) => !testStages.some((stage) => stage.name === name));
  if (unknown !== undefined)
    throw new SetupError(
      `npm test: --only names ${JSON.stringify(unknown)}, expected of ${testStages.map((stage) => stage.name).join(', ')}.`,
    );
  return testStages.filter((stage) => names.includes(stage.name));
}

/** @typedef {{ name: string, result: 'passed' | 'failed' | 'left out', seconds: number, note: string }} StageResult */

/**
 * The last words of `npm test`: a line a stage, then the counts.
 * @param {readonly StageResult[]} results
 * @returns {string}
 */
export function stageSummary(results) {
  const count = (/** @type {string} */ result) => results.filter((stage) => stage.result === result).length;
  const leftOut = count('left out');
  return [
    ...results.map(({ name, result, seconds, note }) =>
      `${name.padEnd(12)} ${result.padEnd(9)} ${seconds.toFixed(1).padStart(7)} s  ${note}`.trimEnd(),
    ),
    `${count('passed')} passed, ${count('failed')} failed${leftOut > 0 ? `, ${leftOut} skipped` : ''}`,
  ].join('\n');
}

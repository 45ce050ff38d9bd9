import type { Context, Row } from './context.mjs';
import { stopwatch } from './context.mjs';
import { passThrough } from './runApp.ts';
import { pythonEnvironments } from './python.ts';
import { setupTable, setUp } from './setUp.ts';
import type { SetupRecord } from './setupRecord.ts';
import { testPrograms } from './testPrograms.ts';
import type { Stage } from './testStages.mjs';

export interface StageResult {
  name: string;
  result: 'passed' | 'failed' | 'skipped';
  seconds: number;
  note: string;
}

/**
 * `npm test`: sets up what is missing, then runs every stage, including those after a failed one.
 *
 * @returns exit code
 */
export async function runTests(context: Context, packages: Row, stages: readonly Stage[]): Promise<number> {
  const seconds = stopwatch();
  console.log('== set-up');
  const { rows, record } = await setUp(context, packages, { tests: true });
  console.log(setupTable(rows));
  const missing = rows.filter((row) => row.state === 'missing').map((row) => row.part);
  const results: StageResult[] = [
    {
      name: 'set-up',
      result: context.env.CI === 'true' && missing.length > 0 ? 'failed' : 'passed',
      seconds: seconds(),
      note: missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
    },
  ];
  const env = {
    ...context.env,
    NX_DAEMON: 'false',
    TF_CPP_MIN_LOG_LEVEL: '2',
    ...testVariables(record),
  };
  for (const stage of stages) {
    console.log(`\n== ${stage.name}: ${stage.title}`);
    if (stage.needs && !record[stage.needs]) {
      const note = `${stage.needs} is missing`;
      console.log(`skipped: ${note}`);
      results.push({ name: stage.name, result: 'skipped', seconds: 0, note });
      continue;
    }
    const time = stopwatch();
    const code = await passThrough(process.execPath, stage.command, { cwd: context.root, env });
    results.push({
      name: stage.name,
      result: code === 0 ? 'passed' : 'failed',
      seconds: time(),
      note: code === 0 ? '' : `exit code ${code}`,
    });
    // A signal ended the stage.
    if (code > 128) break;
  }
  console.log(`\n${stageSummary(results)}`);
  return results.some((stage) => stage.result === 'failed') ? 1 : 0;
}

/** The environment variables with the paths of the programs and Python environments of the tests. */
export function testVariables(record: SetupRecord): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { field, variable } of [...testPrograms, ...pythonEnvironments]) {
    const path = record[field];
    if (path) variables[variable] = path;
  }
  return variables;
}

/** The last lines of `npm test`: one for each stage, then the counts. */
export function stageSummary(results: readonly StageResult[]): string {
  const count = (result: StageResult['result']): number =>
    results.filter((stage) => stage.result === result).length;
  return [
    ...results.map(({ name, result, seconds, note }) =>
      `${name.padEnd(12)} ${result.padEnd(9)} ${seconds.toFixed(1).padStart(7)} s  ${note}`.trimEnd(),
    ),
    `${count('passed')} passed, ${count('failed')} failed${count('skipped') > 0 ? `, ${count('skipped')} skipped` : ''}`,
  ].join('\n');
}

// @ts-check
import { thisPlace } from './entry.mjs';
import { readOptions } from './options.mjs';
import { passThrough } from './passThrough.mjs';
import { stopwatch } from './place.mjs';
import { pythonVariables } from './pythonEnvironments.mjs';
import { setupTable } from './report.mjs';
import { setUp } from './setUp.mjs';
import { programVariables } from './testPrograms.mjs';
import { chooseStages, stageSummary, testStages } from './testStages.mjs';

const help = `npm test -- [--only NAME,NAME...]
Sets up what is missing, then runs: ${testStages.map((stage) => stage.name).join(', ')}.
With CI=true in the environment, a part that the set-up cannot bring in is a failure; else what needs it is left out.`;

/**
 * `npm test`: sets up what is missing, then runs every stage, also after one that failed.
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code
 */
export async function testCommand(args) {
  const { switches, values } = readOptions('npm test', args, { switches: ['help'], values: ['only'] });
  if (switches.has('help')) {
    console.log(help);
    return 0;
  }
  const stages = chooseStages(values.only);
  const place = thisPlace();
  const seconds = stopwatch();
  console.log('== set-up');
  const { rows, record } = await setUp(place, { tests: true });
  console.log(setupTable(rows));
  const missing = rows.filter((row) => row.state === 'missing').map((row) => row.part);
  const strict = place.env.CI === 'true' && missing.length > 0;
  /** @type {import('./testStages.mjs').StageResult[]} */
  const results = [
    {
      name: 'set-up',
      result: strict ? 'failed' : 'passed',
      seconds: seconds(),
      note: missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
    },
  ];
  const env = {
    ...place.env,
    NX_DAEMON: 'false',
    TF_CPP_MIN_LOG_LEVEL: '2',
    ...programVariables(record),
    ...pythonVariables(record),
  };
  for (const stage of stages) {
    console.log(`\n== ${stage.name}: ${stage.title}`);
    if (stage.needs && !record[stage.needs]) {
      console.log(`left out: there is no ${stage.needs}`);
      results.push({ name: stage.name, result: 'left out', seconds: 0, note: `there is no ${stage.needs}` });
      continue;
    }
    const time = stopwatch();
    const code = await passThrough(process.execPath, stage.command, { cwd: place.root, env });
    results.push({
      name: stage.name,
      result: code === 0 ? 'passed' : 'failed',
      seconds: time(),
      note: code === 0 ? '' : `exit code ${code}`,
    });
    if (code > 128) break;
  }
  console.log(`\n${stageSummary(results)}`);
  return results.some((stage) => stage.result === 'failed') ? 1 : 0;
}

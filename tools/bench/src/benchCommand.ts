import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DataError, ResultError } from '@onda/contract';
import type { BenchCall } from './bench.ts';
import { benches } from './benches.ts';
import { writeFileWhole } from './files.ts';
import { machineText, thisMachine } from './machine.ts';
import { parseBenchName, parseList, parseCount } from './options.ts';
import { checkQuiet, otherWorkText } from './otherWork.ts';
import { missedTable, missedText } from './report/goals.ts';
import { pageWithFigures } from './report/page.ts';
import { rowFileText } from './report/rowFile.ts';
import { textTable } from './report/table.ts';

/** The options as the command line gives them. */
export interface BenchOptions {
  json?: string;
  markdown?: string | true;
  works?: string;
  systems?: string;
  rounds?: string;
  minutes?: string;
  share?: string;
  quick: boolean;
  scaling: boolean;
}

const root = path.resolve(import.meta.dirname, '../../..');
const performancePage = path.join(root, 'docs', 'performance.md');

/**
 * Runs a bench and shows its figures: tables for people, rows as JSON, the page of the docs.
 *
 * @throws ResultError, after the tables, when the figures must not be trusted, and no file is written then; or, after the files, when a
 *   goal was missed
 */
export async function benchCommand(name: string, options: BenchOptions): Promise<void> {
  const bench = await benches[parseBenchName(name)]();
  const { json, works, systems, rounds, minutes, share, quick, scaling } = options;
  const page = options.markdown === true ? performancePage : options.markdown;
  if (page !== undefined && !existsSync(page))
    throw new DataError(`--markdown: expected a page at ${page}, found none; name a page that is there`);
  const call: BenchCall = {
    works: works === undefined ? undefined : parseList('--works', works),
    systems: systems === undefined ? undefined : parseList('--systems', systems),
    rounds: rounds === undefined ? undefined : parseCount('--rounds', rounds, 1000),
    minutes: minutes === undefined ? undefined : parseCount('--minutes', minutes, 24 * 60),
    share: share === undefined ? undefined : parseCount('--share', share, 100) / 100,
    quick,
    scaling,
    say: (line) => process.stderr.write(`bench: ${line}\n`),
  };
  const machine = thisMachine();
  const result = await bench(call);
  const disturbed = otherWorkText(result.otherCores);
  if (disturbed !== null) result.notes.unshift(disturbed);
  const goals = result.goals ?? [];
  const missed = missedTable(goals);
  if (missed !== null) result.tables.unshift(missed);
  else if (goals.length > 0) result.notes.unshift(`All ${goals.length} goals are met.`);
  // Data alone on stdout where it is asked for there.
  const people = json === '-' ? process.stderr : process.stdout;
  people.write(`${machineText(machine)}\n`);
  for (const table of result.tables) people.write(`\n${textTable(table)}\n`);
  if (result.notes.length > 0) people.write(`\n${result.notes.map((note) => `* ${note}`).join('\n')}\n`);
  if (result.problems.length > 0) throw new ResultError(result.problems.join('\n'));

  const text = rowFileText({ bench: name, machine, rows: result.rows });
  if (json === '-') process.stdout.write(text);
  else if (json !== undefined) writeFileWhole(json, text);
  if (page !== undefined) {
    checkQuiet(result.otherCores);
    const picture = result.picture ? `images/${result.section}.svg` : null;
    const whole = pageWithFigures(readFileSync(page, 'utf8'), result, machine, picture);
    if (picture !== null && result.picture)
      writeFileWhole(path.join(path.dirname(page), picture), result.picture.svg);
    writeFileWhole(page, whole);
  }
  if (missed !== null) {
    throw new ResultError(
      goals
        .filter(({ met }) => !met)
        .map(missedText)
        .join('\n'),
    );
  }
}

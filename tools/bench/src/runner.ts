import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, DataError, ResultError } from '@onda/contract';
import type { Bench, BenchOptions, Measured } from './bench.ts';
import { backgroundCores, backgroundLoadText, checkQuiet, machineText, readCpuTicks } from './machine.ts';
import { processTree, thisMachine } from './machine.ts';
import { agreementTable, disagreements } from './report/agreement.ts';
import { drawChart } from './report/chart.ts';
import { checkGoals, goalTable, missedGoals } from './report/goals.ts';
import type { GoalResult } from './report/goals.ts';
import { rowFileText, rowsOf } from './report/measurement.ts';
import { pageWithSection, writeFileAtomic } from './report/page.ts';
import type { Table } from './report/table.ts';
import { measurementTable, textTable } from './report/table.ts';

/** What to measure, and where the results go. */
export interface RunOptions extends BenchOptions {
  works?: readonly string[];
  systems?: readonly string[];
  /** A file for the rows; `-`: stdout. */
  json?: string;
  /** A page for the tables and the chart; true: the bench's own. */
  markdown?: string | true;
}

const pages = path.resolve(import.meta.dirname, '../../../docs/performance');

/**
 * Runs a bench and reports its figures: tables on the terminal, rows as JSON, a page with a chart.
 *
 * @throws ResultError after the tables when the figures are invalid (no file is written), or after the files when a goal was missed
 */
export async function runBench(name: string, bench: Bench, options: RunOptions): Promise<void> {
  const { json, markdown, quick } = options;
  const page = markdown === true ? path.join(pages, `${name}.md`) : markdown;
  if (page !== undefined && !existsSync(page))
    throw new DataError(`--markdown: expected a page at ${page}, found none; name an existing page`);
  const machine = thisMachine();
  const { measured, used } = await measure(bench, options);
  const { measurements, agreements = [], chart = null, problems = [] } = measured;
  const goals = checkGoals(bench.goals, measurements);
  const tables = tablesOf(bench, measured, goals);
  const load = backgroundLoadText(used);
  const notes = [...(load === null ? [] : [load]), ...measured.notes];
  // stdout holds data only where the rows go there.
  const terminal = json === '-' ? process.stderr : process.stdout;
  terminal.write(`${machineText(machine)}\n`);
  for (const table of tables) terminal.write(`\n${textTable(table)}\n`);
  if (notes.length > 0) terminal.write(`\n${notes.map((note) => `* ${note}`).join('\n')}\n`);
  const invalid = [...problems, ...disagreements(agreements)];
  if (invalid.length > 0) throw new ResultError(invalid.join('\n'));

  const text = rowFileText({ bench: name, machine, rows: rowsOf(measurements) });
  if (json === '-') process.stdout.write(text);
  else if (json !== undefined) writeFileAtomic(json, text);
  if (page !== undefined) {
    checkQuiet(used);
    const section = bench.section?.(options) ?? name;
    const chartFile = `${section}.svg`;
    const whole = pageWithSection(readFileSync(page, 'utf8'), {
      ...{ section, measured: machineText(machine), tables, notes },
      chart: chart && { alt: chart.alt, file: chartFile },
    });
    if (chart !== null) writeFileAtomic(path.join(path.dirname(page), chartFile), drawChart(chart));
    writeFileAtomic(page, whole);
  }
  const missed = missedGoals(goals);
  // A trial's rounds are too short to fail it.
  if (missed.length > 0 && !quick) throw new ResultError(missed.join('\n'));
}

async function measure(
  bench: Bench,
  options: RunOptions,
): Promise<{ measured: Measured; used: number | null }> {
  const workloads = [...new Set(options.works ?? bench.workloads(options))].map(bench.parseWorkload);
  const subjects = options.systems ?? bench.usualSubjects?.(options) ?? bench.subjects;
  checkSubjects(bench, subjects);
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-bench-'));
  let used: number | null = null;
  try {
    const measured = await bench.measure({
      ...{ workloads, subjects, options, folder },
      say: (line) => process.stderr.write(`bench: ${line}\n`),
      watched: async (pids, run) => {
        const before = readCpuTicks(processTree(pids));
        const result = await run();
        used = backgroundCores(before, readCpuTicks(processTree(pids)), cpus().length);
        return result;
      },
    });
    return { measured, used };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws ConfigError for an unknown subject */
export function checkSubjects({ subjects }: Pick<Bench, 'subjects'>, names: readonly string[]): void {
  const unknown = names.find((name) => !subjects.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(
      `--systems: expected some of ${subjects.join(', ')}, got ${JSON.stringify(unknown)}; correct the name`,
    );
}

function tablesOf(
  { title, peer }: Bench,
  { measurements, agreements = [], tables = [] }: Measured,
  goals: readonly GoalResult[],
): Table[] {
  return [
    goalTable(goals),
    measurements.length === 0 ? null : measurementTable(title, measurements, peer),
    ...tables,
    agreementTable(agreements),
  ].filter((table) => table !== null);
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, DataError } from '@onda/contract';
import type { SeriesDataConfig, SeriesSet, Table } from '@onda/series';
import { detectTimeColumns, readSeries } from '@onda/series';
import { stringify } from 'yaml';
import { readDataFile } from '../dataFile.ts';
import { chooseHoldout } from '../evaluation/chooseHoldout.ts';
import { horizonOf } from '../evaluation/evaluateModel.ts';
import { writeFileAtomic } from '../files.ts';
import { say } from '../terminal.ts';

/** Repairs in the order in which they are tried, and the comment that explains each. */
const repairs = {
  order: ['sort', 'Rows are not in order of time: sorted.'],
  duplicates: ['mean', 'Several rows have the same time: their mean. Also: first.'],
  missing: ['interpolate', 'Values or times are missing: interpolated. Also: forward-fill, drop.'],
} as const;

type Repairs = { [key in keyof typeof repairs]?: (typeof repairs)[key][0] };

/**
 * Writes a commented configuration for a data file, which fits as it is.
 *
 * @param given the file to write; default: `<name of the data file>.yaml` in the current folder
 * @throws ConfigError if the configuration exists; DataError if no column of the file can be forecast
 */
export async function initConfig(file: string, given?: string): Promise<void> {
  const { table } = await readDataFile(file);
  const name = path
    .basename(file, path.extname(file))
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll('..', '.')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100);
  const target = given ?? `${name || 'forecast'}.yaml`;
  if (existsSync(target)) {
    throw new ConfigError(`--init: expected no file ${target}, got one; remove or rename it`);
  }
  const time = detectTimeColumns(table);
  const values = valueColumns(table, time);
  if (values.length === 0) {
    throw new DataError(
      `${table.source}: expected a column of numbers beside the times, got ${table.columns.map((column) => JSON.stringify(column)).join(', ')}; pass a file with the values to forecast`,
    );
  }
  const config = { columns: [values[0]], ...groupOf(table, [...time, ...values]) };
  const { set, repaired } = readRepaired(table, config);
  writeFileAtomic(
    target,
    configText({
      name: name || 'forecast',
      file: path.relative(path.dirname(target), file),
      table,
      time,
      values,
      config,
      set,
      repaired,
    }),
  );
  say(`wrote ${target}`);
  say(`next: npm run fit -- ${target}`);
}

/** Columns of numbers, without those of the times and the row numbers. */
function valueColumns(table: Table, time: readonly string[]): string[] {
  const unique = table.columns.filter(
    (name, index, all) => all.indexOf(name) === index && all.lastIndexOf(name) === index,
  );
  return unique.filter((name) => !time.includes(name) && isNumeric(table, name) && !isRowNumber(table, name));
}

function isNumeric(table: Table, name: string): boolean {
  const cells = table.column(name).filter((cell) => cell !== null && cell !== '');
  const numbers = cells.filter((cell) => !Number.isNaN(numberOf(cell, table)));
  // Marks of missing values are texts.
  return numbers.length > 0 && numbers.length >= 0.5 * cells.length;
}

/** Whether a column without a name, or with the one that pandas gives it, counts the rows up or down. */
function isRowNumber(table: Table, name: string): boolean {
  if (!/^(|unnamed: 0|index|column1)$/i.test(name) || table.columns.length < 2) return false;
  const numbers = table.column(name).map((cell) => numberOf(cell, table));
  return numbers.every((value, row) => row === 0 || Math.abs(value - numbers[row - 1]) === 1);
}

const numberOf = (cell: string | number | null, { decimal }: Table): number =>
  typeof cell === 'number'
    ? cell
    : cell === null || cell.trim() === ''
      ? NaN
      : Number(decimal === ',' ? cell.replace(',', '.') : cell);

/** The first column of texts that repeat: the names of several series. */
function groupOf(table: Table, used: readonly string[]): { group?: string } {
  const group = table.columns.find((name) => {
    if (used.includes(name) || table.columns.indexOf(name) !== table.columns.lastIndexOf(name)) return false;
    const texts = new Set(table.column(name));
    return !texts.has(null) && texts.size > 1 && 3 * texts.size <= table.rows;
  });
  return group === undefined ? {} : { group };
}

/** Reads the series with the fewest repairs that make them readable. */
function readRepaired(table: Table, config: SeriesDataConfig): { set: SeriesSet; repaired: Repairs } {
  const keys = Object.keys(repairs) as (keyof typeof repairs)[];
  let first: unknown;
  // Sets of repairs as bits: none first, all last.
  const sets = Array.from({ length: 2 ** keys.length }, (_, bits) =>
    keys.filter((__, place) => bits & (1 << place)),
  );
  for (const chosen of sets.sort((a, b) => a.length - b.length)) {
    const repaired: Repairs = Object.fromEntries(chosen.map((key) => [key, repairs[key][0]]));
    try {
      return { set: readSeries(table, { ...config, ...repaired }), repaired };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

interface ConfigParts {
  name: string;
  file: string;
  table: Table;
  time: readonly string[];
  values: readonly string[];
  config: SeriesDataConfig;
  set: SeriesSet;
  repaired: Repairs;
}

function configText({ name, file, time, values, config, set, repaired }: ConfigParts): string {
  const shortest = Math.min(...set.series.map(({ length }) => length));
  const horizon = Math.max(1, Math.min(horizonOf(set), Math.floor(shortest / 5)));
  const others = values.slice(1);
  const value = (text: unknown): string => stringify(text, { collectionStyle: 'flow', lineWidth: 0 }).trim();
  const lines = [
    '# A configuration of `npm run fit`. Every key is in docs/configuration.md; lines with "#" are defaults or alternatives.',
    `name: ${value(name)}`,
    'data:',
    '  # Relative to this file.',
    `  file: ${value(file)}`,
    ...set.notes.map((note) => `  # ${note}`),
    `  # The columns to predict.${others.length > 0 ? ` The file also has ${others.map((column) => JSON.stringify(column)).join(', ')}.` : ''}`,
    `  columns: ${value(config.columns)}`,
    ...(config.group === undefined
      ? []
      : ['  # The names of the series.', `  group: ${value(config.group)}`]),
    ...(Object.keys(repaired) as (keyof Repairs)[]).flatMap((key) => [
      `  # ${repairs[key][1]}`,
      `  ${key}: ${repairs[key][0]}`,
    ]),
    time.length === 0 ? '  # time: COLUMN' : `  # time: ${value(time.length === 1 ? time[0] : time)}`,
    '  # Samples per season; 1: none.',
    `  # period: ${set.period}`,
    '  # Samples at the end that are held out for the evaluation.',
    `  # holdout: ${chooseHoldout(set, horizon)}`,
    'forecast:',
    '  # Samples to forecast.',
    `  horizon: ${horizon}`,
    '  # direct: the whole horizon at once, with intervals; closed-loop: a recurrent network that predicts sample by sample.',
    '  # strategy: direct',
    '  # Seconds of training at most.',
    '  # timeLimitS: 90',
  ];
  return `${lines.join('\n')}\n`;
}

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseFitConfig } from '@onda/contract';
import { readSeries } from '@onda/series';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readDataFile } from '../dataFile.ts';
import { initConfig } from './initConfig.ts';

const months = Array.from({ length: 48 }, (_, month) => ({
  time: `${2001 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`,
  value: 100 + 10 * (month % 12),
}));
const rows = months.map(({ time, value }) => `${time},${value}`);

/** The configuration that is written for a file, and the text of it. */
async function written(csv: string, name = 'data.csv'): Promise<{ config: unknown; text: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-init-'));
  const [file, target] = [path.join(folder, name), path.join(folder, 'a.yaml')];
  writeFileSync(file, csv);
  await initConfig(file, target);
  const text = readFileSync(target, 'utf8');
  const config = parseFitConfig(parse(text), target);
  // It fits as it is: the series can be read.
  if (config.data.kind !== 'csv') throw new Error('expected a data file');
  const { table } = await readDataFile(path.join(folder, config.data.file), config.data);
  readSeries(table, config.data);
  return { config, text };
}

describe(initConfig, () => {
  it('names the file, the column and the horizon of a season', async () => {
    const { config, text } = await written(`month,value\n${rows.join('\n')}\n`, 'my data (1).csv');
    expect(config).toMatchObject({
      name: 'my-data-1-',
      data: { file: 'my data (1).csv', columns: ['value'], order: 'fail', missing: 'fail' },
      forecast: { horizon: 9, strategy: 'direct' },
    });
    expect(text).toContain('# time "month": one sample per month, 2001-01 to 2004-12');
    expect(text).toContain('# period: 12');
  });

  it('leaves out row numbers and names the other columns', async () => {
    const numbered = rows.map((row, index) => `${index},${row},${index / 2}`);
    const { config, text } = await written(`,month,sales,price\n${numbered.join('\n')}\n`);
    expect(config).toMatchObject({ data: { columns: ['sales'] } });
    expect(text).toContain('The file also has "price".');
  });

  it.each([
    ['sorts rows', [...rows].reverse(), { order: 'sort', duplicates: 'fail', missing: 'fail' }],
    [
      'averages rows of one time',
      [...rows, rows[47]],
      { order: 'fail', duplicates: 'mean', missing: 'fail' },
    ],
    ['interpolates missing values', rows.with(5, '2001-06,'), { missing: 'interpolate', duplicates: 'fail' }],
    ['interpolates missing times', rows.filter((_, index) => index !== 9), { missing: 'interpolate' }],
  ])('%s where the file needs it', async (_what, lines, data) => {
    const { config } = await written(`month,value\n${lines.join('\n')}\n`);
    expect(config).toMatchObject({ data });
  });

  it('reads a long table by its names', async () => {
    const long = ['a', 'b'].flatMap((name) => rows.map((row) => `${name},${row}`));
    const { config } = await written(`shop,month,value\n${long.join('\n')}\n`);
    expect(config).toMatchObject({ data: { group: 'shop', columns: ['value'] } });
  });

  it('rejects a file without numbers', async () => {
    await expect(written('month,name\n2001-01,a\n2001-02,b\n')).rejects.toThrow(
      'expected a column of numbers beside the times, got "month", "name"; pass a file with the values to forecast',
    );
  });
});

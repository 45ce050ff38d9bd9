import type { SweepConfig } from '@onda/contract';
import { chartColours, dotChart } from '../charts.ts';
import type { Report } from '../reportPage.ts';
import { durationText } from '../terminal.ts';
import type { TrialResult } from './trials.ts';

interface TextTable {
  head: string[];
  rows: string[][];
}

/** The trials as a table: settings, metric, seconds. */
export function trialsTable(
  { metric }: Pick<SweepConfig, 'metric'>,
  results: readonly TrialResult[],
): TextTable {
  const keys = [...new Set(results.flatMap(({ settings }) => Object.keys(settings)))];
  return {
    head: ['trial', ...keys, metric, 'seconds'],
    rows: results.map(({ id, settings, metric: value, seconds }) => [
      id,
      ...keys.map((key) => valueText(settings[key])),
      value === null ? 'failed' : value.toPrecision(5),
      seconds.toFixed(1),
    ]),
  };
}

/** The trials as CSV, with the errors of failed fits. */
export function trialsCsv({ metric }: Pick<SweepConfig, 'metric'>, results: readonly TrialResult[]): string {
  const { head, rows } = trialsTable({ metric }, results);
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((row, index) => {
    const { metric: value, error = '' } = results[index];
    return [...row.slice(0, -2), value === null ? '' : String(value), row[row.length - 1], error];
  });
  return `${[[...head, 'error'], ...lines].map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

/** The report of a sweep: the metric against each key, and the table. */
export function sweepReport(config: SweepConfig, ranked: readonly TrialResult[], created: Date): Report {
  const done = ranked.filter(({ metric }) => metric !== null);
  const [best] = ranked;
  const keys = [...new Set(ranked.flatMap(({ settings }) => Object.keys(settings)))];
  const failed = ranked.length - done.length;
  return {
    title: config.name,
    subtitle: `A ${config.search.method} search for the lowest ${config.metric}.`,
    figures: [
      { label: 'trials', value: String(ranked.length), ...(failed > 0 && { note: `${failed} failed` }) },
      {
        label: `lowest ${config.metric}`,
        value: best.metric?.toPrecision(4) ?? 'none',
        note: `trial ${best.id}`,
      },
      {
        label: 'time of all fits',
        value: durationText(ranked.reduce((sum, { seconds }) => sum + seconds, 0)),
      },
    ],
    sections: [
      {
        title: `${config.metric} by key`,
        text: 'Each dot is a trial; the best one is red.',
        pictures: keys.map((key) => ({
          caption: key,
          svg: dotChart(
            done.map((result) => ({
              x: axisValue(result.settings[key]),
              y: result.metric ?? NaN,
              colour: result === best ? chartColours.input : chartColours.prediction,
            })),
            { xLabel: key, yLabel: config.metric, width: 480, height: 240 },
          ),
        })),
      },
      { title: 'Trials', table: trialsTable(config, ranked) },
    ],
    footer: `Written by onda on ${created.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
  };
}

const axisValue = (value: unknown): number | string => (typeof value === 'number' ? value : valueText(value));

const valueText = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

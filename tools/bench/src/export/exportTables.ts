import { figure } from '../report/figures.ts';
import type { Row } from '../report/rowFile.ts';
import type { Table } from '../report/table.ts';
import { median, spread } from '../statistics.ts';
import type { Peak } from './exportGoals.ts';
import type { MeasuredExport } from './measureExport.ts';

/** A row for each figure of each model and system. */
export function exportRows(measured: readonly MeasuredExport[], peak: Peak | null): Row[] {
  const rows = measured.flatMap(({ work: { name }, outcomes }) =>
    [...outcomes].flatMap(([system, outcome]): Row[] => {
      const of = (what: string, unit: string, values: readonly number[]): Row => ({
        work: `${name} ${what}`,
        system,
        unit,
        ...spread(values),
      });
      if ('refused' in outcome) return [of('supported', 'models', [0])];
      const { contents, command, inside, first, difference, inference } = outcome;
      return [
        of('supported', 'models', [1]),
        of('command', 's', command),
        of('inside', 's', inside),
        of('inside, first', 's', [first]),
        of('inference', 'ms', inference),
        of('nodes', 'nodes', [contents.nodes]),
        of('loops', 'nodes', [contents.loops]),
        of('file', 'bytes', [contents.bytes]),
        of('difference', 'relative', [difference]),
      ];
    }),
  );
  if (peak === null) return rows;
  const memory = {
    work: 'peak memory',
    system: 'onda',
    unit: 'weights',
    ...spread([peak.bytes / peak.weights]),
  };
  return [...rows, memory];
}

/** What each system made of each model. */
export function exportTable(measured: readonly MeasuredExport[]): Table {
  return {
    title: 'From a TensorFlow.js model to an ONNX file',
    head: [
      'model',
      'system',
      'nodes',
      'Loops',
      'bytes',
      'as a command, s',
      'inside a process, s',
      'difference',
      'inference, ms',
    ],
    rows: measured.flatMap(({ work: { name }, outcomes }) =>
      [...outcomes].map(([system, outcome]) =>
        'refused' in outcome
          ? [name, system, 'none', '', '', '', '', '', '']
          : [
              name,
              system,
              String(outcome.contents.nodes),
              String(outcome.contents.loops),
              String(outcome.contents.bytes),
              figure(median(outcome.command)),
              figure(median(outcome.inside)),
              outcome.difference.toExponential(1),
              figure(median(outcome.inference)),
            ],
      ),
    ),
  };
}

/** Why models were not converted. */
export function refusedTable(measured: readonly MeasuredExport[]): Table | null {
  const rows = measured.flatMap(({ work: { name }, outcomes }) =>
    [...outcomes].flatMap(([system, outcome]) =>
      'refused' in outcome ? [[name, system, outcome.refused.replaceAll('|', '/').slice(0, 160)]] : [],
    ),
  );
  return rows.length === 0
    ? null
    : { title: 'Not converted', head: ['model', 'system', 'what it said'], rows };
}

/** The models, by name. */
export function modelsTable(measured: readonly MeasuredExport[]): Table {
  return {
    title: 'The models',
    head: ['model', 'what it is', 'weights'],
    rows: measured.map(({ work: { name, about }, weights }) => [name, about, String(weights)]),
  };
}

import type { Manifest } from '@onda/contract';
import type { EvaluationRow } from '@onda/forecasting';
import type { SeriesSet } from '@onda/series';
import { formatTime, stepText } from '@onda/series';
import { comparisonTable, partsTable } from './evaluationReport.ts';

/** What a model card describes. */
export interface ModelCard {
  manifest: Manifest;
  set: SeriesSet;
  /** Name of the data file. */
  file: string;
  horizon: number;
  holdout: number;
  rows: readonly EvaluationRow[];
  /** Warnings and notes of the evaluation. */
  notes: readonly string[];
  /** What was chosen for the fit. */
  choices: readonly string[];
}

/** The README of a model folder: what the model predicts, from which data, how good it is, how to run it. */
export function modelCard(card: ModelCard): string {
  const { manifest, set, file, horizon, holdout, rows, notes, choices } = card;
  const { name, version, training } = manifest;
  const parts = partsTable(rows);
  const inputs = manifest.tensors.model.inputs.map(tensorText).join(', ');
  const outputs = manifest.tensors.model.outputs.map(tensorText).join(', ');
  return `# ${name}

Forecasts ${set.targets.map((target) => `\`${target}\``).join(', ')}${set.step === null ? '' : `, one sample per ${stepText(set.step)}`}: ${horizon} sample${horizon === 1 ? '' : 's'} ahead. Version ${version}, ${manifest.created.slice(0, 10)}.

## Data

- File \`${file}\`${training === null ? '' : `, SHA-256 \`${training.dataSha256}\``}
- ${set.series.length === 1 ? 'One series' : `${set.series.length} series`}, ${rangeText(set)}; season of ${set.period} sample${set.period === 1 ? '' : 's'}
- The last ${holdout} samples of each series were held out: no part of the fit used them.

## Errors on the hold-out

Rolling-origin backtest of the exported file, ${horizon} samples per forecast.

${markdownTable(comparisonTable(rows))}
${parts === null ? '' : `\n${markdownTable(parts)}\n`}${notes.length === 0 ? '' : `\n${notes.map((note) => `- ${note}`).join('\n')}\n`}
MASE is the mean absolute error over that of the seasonal naive forecast before the hold-out. The figures hold for data like the hold-out; a change in
what the series measures is not in them.

## Model

${choices.map((choice) => `- ${choice}`).join('\n')}
- Inputs: ${inputs}
- Outputs: ${outputs}
- Values are in the units of the data; scaling is in the graph.

## Use

\`\`\`sh
npm run generate -- models/${name} --samples ${horizon} --prompt NEW.csv
npm run backtest -- models/${name} NEW.csv
npm run serve -- --models models
\`\`\`
`;
}

const tensorText = ({ name, type, shape }: Manifest['tensors']['model']['inputs'][number]): string =>
  `\`${name}\` ${type} [${shape.join(', ')}]`;

function rangeText({ series, step }: SeriesSet): string {
  const lengths = series.map(({ length }) => length);
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const count = least === most ? `${least} samples` : `${least} to ${most} samples`;
  const times = series.length === 1 ? series[0].times : null;
  if (times === null || step === null) return count;
  return `${count}, ${formatTime(step, times[0])} to ${formatTime(step, times[lengths[0] - 1])}`;
}

function markdownTable({
  head,
  rows,
}: {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

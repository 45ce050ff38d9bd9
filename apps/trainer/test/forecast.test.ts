import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EvaluationRow } from '@onda/forecasting';
import { describe, expect, it } from 'vitest';
import { emptyFolder, examples, onda, runProgram } from './command.ts';
import { maybePart } from './parts.ts';

const sunspots = path.join(examples, 'data/sunspots-yearly.csv');

interface EvaluationFile {
  horizon: number;
  holdout: number;
  origins: number;
  rows: EvaluationRow[];
}

const readEvaluation = (folder: string, run: string): EvaluationFile =>
  JSON.parse(readFileSync(path.join(folder, 'runs', run, 'evaluation.json'), 'utf8')) as EvaluationFile;

const overall = ({ rows }: EvaluationFile, forecaster: string): EvaluationRow | undefined =>
  rows.find(
    (row) =>
      row.forecaster === forecaster &&
      row.horizon === 'all' &&
      row.series === undefined &&
      row.column === undefined,
  );

describe('fit with forecast', () => {
  it('fits, exports and evaluates the configuration of --init, and the files repeat its figures', async () => {
    const folder = emptyFolder();
    const init = await onda(['fit', '--init', sunspots], folder);
    expect([init.code, init.stderr]).toEqual([0, expect.stringContaining('wrote sunspots-yearly.yaml')]);
    const again = await onda(['fit', '--init', sunspots], folder);
    expect([again.code, again.stderr]).toEqual([
      2,
      'fit: --init: expected no file sunspots-yearly.yaml, got one; remove or rename it\n',
    ]);

    // Two networks and a few seconds: the choices are the same, the ensemble is smaller.
    const quick = ['--set', 'forecast.timeLimitS=8', '--set', 'forecast.members=2'];
    const fit = await onda(['fit', 'sunspots-yearly.yaml', ...quick], folder);
    expect([fit.code, fit.stderr.includes('unexpected')]).toEqual([0, false]);
    expect(fit.stderr).toContain('chosen: hold-out of the last 50 samples');
    const evaluation = readEvaluation(folder, 'sunspots-yearly');
    const [model, naive] = ['model', 'last-value'].map((name) => overall(evaluation, name));
    expect(model?.mase).toBeLessThan(naive?.mase ?? 0);
    const steps = evaluation.rows
      .filter(({ forecaster }) => forecaster === 'model')
      .map(({ horizon }) => horizon);
    expect(steps).toEqual(['all', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const report = readFileSync(path.join(folder, 'runs/sunspots-yearly/report.html'), 'utf8');
    for (const title of ['Forecasts on the hold-out', 'Errors by horizon', 'Residuals', 'Loss']) {
      expect(report).toContain(`<h2>${title}</h2>`);
    }
    expect(report).not.toContain('NaN');
    const card = readFileSync(path.join(folder, 'models/sunspots-yearly/README.md'), 'utf8');
    expect(card).toContain('| seasonal-naive |');

    // The exported file alone gives the same figures.
    const model_ = 'models/sunspots-yearly';
    const backtest = await onda(['backtest', model_, sunspots, '--json', '--out', 'runs/again'], folder);
    expect(backtest.code).toBe(0);
    expect(readEvaluation(folder, 'again').rows).toEqual(evaluation.rows);
    expect((JSON.parse(backtest.stdout) as EvaluationFile).rows).toEqual(evaluation.rows);

    const call = ['generate', model_, '--prompt', sunspots, '--json'];
    const generated = await onda([...call, '--samples', '3'], folder);
    const forecast = JSON.parse(generated.stdout) as Record<string, unknown[]>;
    expect(forecast['times']).toEqual(['2009', '2010', '2011']);
    expect(forecast['values']).toHaveLength(3);
    const tooMany = await onda([...call, '--samples', '11'], folder);
    expect([tooMany.code, tooMany.stderr]).toEqual([
      2,
      'generate: --samples: expected at most 10, the horizon of model "sunspots-yearly", got 11; fit a model with a longer forecast.horizon\n',
    ]);
    const python = maybePart('ONDA_PYTHON');
    if (python === null) return;
    const check = await runProgram(python, [
      path.join(import.meta.dirname, 'python/contract.py'),
      path.join(folder, model_),
    ]);
    expect(check.stdout).toContain('contract holds');
  });

  it('reports a file that is too short for its horizon in one sentence, and writes nothing', async () => {
    const folder = emptyFolder();
    writeFileSync(
      path.join(folder, 'a.csv'),
      `year,v\n${[1, 2, 3, 4, 5, 6].map((n) => `${2000 + n},${n}`).join('\n')}\n`,
    );
    const config = { name: 'a', data: { file: 'a.csv', columns: ['v'] }, forecast: { horizon: 12 } };
    writeFileSync(path.join(folder, 'a.yaml'), JSON.stringify(config));
    const result = await onda(['fit', 'a.yaml'], folder);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(
      'a.csv: expected at least 13 samples of values (hold-out 12, training 1), got 6',
    );
    expect(existsSync(path.join(folder, 'runs'))).toBe(false);
  });
});

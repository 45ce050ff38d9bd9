import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, examples, onda, runProgram } from './command.ts';
import { maybePart } from './parts.ts';

const sine = path.join(examples, 'lagged-sine.yaml');

const holdOut = /hold-out \(\d+ samples\): rmse ([\d.e+-]+), .* ([\d.e+-]+)\n/;

describe('fit', () => {
  it.each(['tensorflow', 'wasm'])(
    'gives the same bits for the same seed on the %s backend',
    async (backend) => {
      const folder = emptyFolder();
      const once = ['fit', sine, '--no-export', '--set', 'net.cell=lstm'];
      const results = [
        await onda([...once, '--out', 'a'], folder, { ONDA_BACKEND: backend }),
        await onda([...once, '--out', 'b'], folder, { ONDA_BACKEND: backend }),
      ];
      expect(results.map(({ code, stderr }) => [code, stderr.includes('unexpected')])).toEqual([
        [0, false],
        [0, false],
      ]);
      const weights = (run: string): Buffer => readFileSync(path.join(folder, run, 'model/weights.bin'));
      expect(weights('a').equals(weights('b'))).toBe(true);
      expect(readFileSync(path.join(folder, 'a/losses.csv'), 'utf8')).toBe(
        readFileSync(path.join(folder, 'b/losses.csv'), 'utf8'),
      );
    },
  );

  it('resumes from a checkpoint with the results of an uninterrupted run', async () => {
    const folder = emptyFolder();
    await onda(['fit', sine, '--no-export', '--out', 'whole'], folder);
    await onda(['fit', sine, '--no-export', '--out', 'parts', '--set', 'training.steps=40'], folder);
    const rest = await onda(['fit', sine, '--no-export', '--out', 'parts', '--resume'], folder);
    expect(rest.code).toBe(0);
    const weights = (run: string): Buffer => readFileSync(path.join(folder, run, 'model/weights.bin'));
    expect(weights('parts').equals(weights('whole'))).toBe(true);
  });

  it.each(['sunspots', 'video-clips'])('fits %s the same way and beats the naive forecast', async (name) => {
    const folder = emptyFolder();
    const result = await onda(['fit', path.join(examples, `${name}.yaml`)], folder);
    expect(result.code).toBe(0);
    const [, ours, naive] = holdOut.exec(result.stderr) ?? [];
    expect(Number(ours)).toBeLessThan(Number(naive));
    expect(existsSync(path.join(folder, 'runs', name, 'report.html'))).toBe(true);
    const python = maybePart('ONDA_PYTHON');
    if (python === null) return;
    const model = path.join(folder, 'models', name);
    const check = await runProgram(python, [path.join(import.meta.dirname, 'python/contract.py'), model]);
    expect(check.stdout).toContain('contract holds');
  });

  it('evaluates in float64: a ramp far from zero has a naive error of 1', async () => {
    const folder = emptyFolder();
    const rows = Array.from({ length: 300 }, (_, index) => `${index};${100_000_000 + index}`);
    writeFileSync(path.join(folder, 'far.csv'), `time;value\n${rows.join('\n')}\n`);
    writeFileSync(
      path.join(folder, 'far.yaml'),
      'name: far\ndata: { kind: csv, file: far.csv, columns: [value], holdout: 50 }\ntraining: { steps: 20 }\n',
    );
    const result = await onda(['fit', 'far.yaml', '--no-export'], folder);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('data: delimiter semicolon');
    expect(result.stderr).toContain('warning: column "value": the exported model reads float32');
    expect(holdOut.exec(result.stderr)?.[2]).toBe('1.00');
  });

  it.each([
    // The configuration has quantiles, which do not apply to this loss.
    ['gaussian', ['--set', 'training.quantiles=[0.5, 0.1, 0.9]']],
    ['quantile', ['--set', 'lag=2']],
  ])('fits a distribution, and draws from it: %s', async (loss, more) => {
    const folder = emptyFolder();
    const sunspots = path.join(examples, 'sunspots-drawn.yaml');
    const once = ['fit', sunspots, '--set', `training.loss=${loss}`, '--set', 'training.steps=60', ...more];
    expect((await onda([...once, '--out', 'whole'], folder)).code).toBe(0);
    expect(readFileSync(path.join(folder, 'whole/report.html'), 'utf8')).toContain('drawn from seed 1');
    const csv = path.join(examples, 'data/sunspots-yearly.csv');
    const draw = async (seed: string): Promise<string> => {
      const call = ['generate', 'models/sunspots-drawn', '--samples', '5', '--prompt', csv, '--seed', seed];
      const result = await onda(call, folder);
      expect([result.code, result.stdout.trim().split('\n')]).toEqual([0, expect.any(Array)]);
      return result.stdout;
    };
    const [first, again, other] = [await draw('1'), await draw('1'), await draw('2')];
    expect([first === again, first === other]).toEqual([true, false]);

    // Other dropout or another loss is another fit.
    const resumed = [...once, '--no-export', '--out', 'whole', '--resume'];
    const refused = await onda([...resumed, '--set', 'net.dropout=0.5'], folder);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      '--resume: expected net.dropout 0.2, as in the run in whole, got 0.5; restore it, or fit without --resume to another folder (--out)',
    );
  });

  it.each([
    [
      'an unknown key',
      ['--set', 'nett=1'],
      'nett: unknown key; expected one of name, seed, lag, data, forecast, net, training',
    ],
    ['a wrong type', ['--set', 'net.units=many'], 'net.units: expected a number, got "many"'],
    ['a negative size', ['--set', 'net.units=-3'], 'net.units: expected a number of at least 1, got -3'],
    ['an unknown option', ['--fast'], "unknown option '--fast'"],
    [
      'a resume without a checkpoint',
      ['--resume'],
      'expected a checkpoint in runs/lagged-sine/checkpoints, found none; fit without --resume first',
    ],
  ])('rejects %s with one sentence and exit code 2, and writes nothing', async (_what, args, text) => {
    const folder = emptyFolder();
    const result = await onda(['fit', sine, ...args], folder);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(text);
    expect(result.stderr).not.toContain('    at ');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['a missing file', null, 'cannot be read: it does not exist; check the path'],
    ['a hole', 'year,value\n1,2\n2,\n3,4\n', 'line 3'],
    ['text', 'year,value\n1,2\n2,many\n3,4\n', 'line 3'],
    ['a missing column', 'year,number\n1,2\n', 'value'],
  ])('rejects a CSV with %s', async (_what, csv, text) => {
    const folder = emptyFolder();
    if (csv !== null) writeFileSync(path.join(folder, 'data.csv'), csv);
    writeFileSync(
      path.join(folder, 'a.yaml'),
      'name: a\ndata: { kind: csv, file: data.csv, columns: [value] }\n',
    );
    const result = await onda(['fit', 'a.yaml'], folder);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('data.csv');
    expect(result.stderr).toContain(text);
    expect(result.stderr).not.toContain('    at ');
    expect(existsSync(path.join(folder, 'runs'))).toBe(false);
  });
});

import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelFiles, type Manifest, type ParityRow } from '@onda/contract';
import { readModel, writeModel } from '@onda/onnx';
import { beforeAll, describe, expect, it } from 'vitest';
import { layer, saveModel, wordsModel } from '../src/testing/savedModel.ts';
import { emptyFolder, examples, onda } from './command.ts';

const folder = emptyFolder();
const model = 'models/lagged-sine';

beforeAll(async () => {
  const fitted = await onda(
    ['fit', path.join(examples, 'lagged-sine.yaml'), '--set', 'training.steps=5'],
    folder,
  );
  expect(fitted.code).toBe(0);
});

interface Answer {
  holds: boolean;
  source: string;
  rows: ParityRow[];
}

/** Makes one weight of a copy of the model wrong, and its manifest agree with the file. */
function damage(copy: string): void {
  cpSync(path.join(folder, model), path.join(folder, copy), { recursive: true });
  const version = path.join(folder, copy, '1');
  const file = path.join(version, modelFiles.sequence);
  const read = readModel(readFileSync(file));
  const [first, ...rest] = read.graph.initializers.filter(
    ({ type, data }) => type === 'float32' && data.length > 1,
  );
  (first.data as Float32Array)[0] += 0.01;
  expect(rest.length).toBeGreaterThan(0);
  const bytes = writeModel(read);
  writeFileSync(file, bytes);
  const manifestFile = path.join(version, modelFiles.manifest);
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  manifest.files[modelFiles.sequence] = { sha256, bytes: bytes.length };
  writeFileSync(manifestFile, JSON.stringify(manifest));
}

/** A layers model on images. */
const imageModel = (): string =>
  saveModel(
    [
      layer('Flatten', 'flat', { batch_input_shape: [null, 2, 2, 1], dtype: 'float32' }),
      layer('Dense', 'd', { units: 1 }),
    ],
    { 'd/kernel': [4, 1], 'd/bias': [1] },
  );

describe('verify', () => {
  it('finds the run, and all rows are within their bounds', async () => {
    const result = await onda(['verify', model, '--json'], folder);
    expect(result.code).toBe(0);
    const { holds, source, rows } = JSON.parse(result.stdout) as Answer;
    expect({ holds, source }).toEqual({ holds: true, source: 'runs/lagged-sine' });
    expect(rows.length).toBeGreaterThan(25);
    expect(result.stderr).toContain(
      `${rows.length} rows are within their bounds: lagged-sine 1 equals runs/lagged-sine`,
    );
  });

  it('exits with 1 and prints the rows if a weight is wrong', async () => {
    damage('damaged/lagged-sine');
    const result = await onda(
      ['verify', 'damaged/lagged-sine', '--source', 'runs/lagged-sine/model'],
      folder,
    );
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/\nvalues, seed 1 .* DIFFERS\n/);
    expect(result.stderr).toMatch(
      /^verify: lagged-sine 1 against runs\/lagged-sine\/model: expected equal values, got \d+ of \d+ rows above their bound, the worst [\d.e-]+ for [\d.e-]+ \(.+\); export the model again from this source, or pass the source it was exported from\n$/,
    );
  });

  it('names --source if the run is missing or a later one', async () => {
    const elsewhere = emptyFolder();
    const missing = await onda(['verify', path.join(folder, model)], elsewhere);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      'verify: model "lagged-sine": expected its run in runs/lagged-sine, found none; add --source with the run folder or the model.json it was exported from\n',
    ]);
    cpSync(path.join(folder, 'runs'), path.join(elsewhere, 'runs'), { recursive: true });
    const summaryFile = path.join(elsewhere, 'runs/lagged-sine/run.json');
    const summary = JSON.parse(readFileSync(summaryFile, 'utf8')) as { steps: number };
    writeFileSync(summaryFile, JSON.stringify({ ...summary, steps: 6 }));
    const later = await onda(['verify', path.join(folder, model)], elsewhere);
    expect(later.code).toBe(2);
    expect(later.stderr).toMatch(
      /^verify: model "lagged-sine": expected the run it was exported from in runs\/lagged-sine, got a later one \(loss .* after 6 steps, not .* after 5\); add --source .*\n$/,
    );
  });

  it('exits with 1 if nothing can be compared because the source has other inputs', async () => {
    const source = wordsModel();
    const exported = await onda(['export', source, 'models', '--name', 'words', '--no-verify'], folder);
    expect(exported.code).toBe(0);
    const result = await onda(['verify', 'models/words', '--source', imageModel()], folder);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /\nverify: words 1 against .*: expected TensorFlow\.js to accept the inputs of the file, got no run to compare; pass the source it was exported from\n$/,
    );
  });
});

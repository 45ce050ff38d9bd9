import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NetManifest } from '@onda/contract';
import { parseFitConfig } from '@onda/contract';
import { exampleManifest } from '../testing/exampleModel.ts';
import { modelSeries } from './modelSeries.ts';

const folder = new URL('../../../../examples/models/lagged-sine/1/', import.meta.url);
const example = exampleManifest((file) => readFileSync(new URL(file, folder)));
const readData = (fileName: string): Promise<string | null> =>
  Promise.resolve(fileName === 'known.csv' ? 'YEAR,SPOTS\n1700,5\n1701,11\n1702,16\n' : null);

function trained(config: object, net: Partial<NetManifest['net']> = {}): NetManifest {
  return {
    ...example,
    name: 'm',
    net: { ...example.net, ...net },
    training: {
      config: parseFitConfig({ name: 'm', ...config }, 'test'),
      seed: 3,
      backend: 'cpu',
      versions: {},
      dataSha256: '0'.repeat(64),
      steps: 1,
      finalLoss: 1,
    },
  };
}

describe(modelSeries, () => {
  it('takes the sine of the spacing that the model was trained on', async () => {
    const series = await modelSeries(trained({ data: { kind: 'sine', samples: 50 } }), readData);
    expect(series.title).toBe('sin(t)');
    expect(series.at(25, 0)).toBe(1);
  });

  it('takes the first job for a model that says only by its name that it is one', async () => {
    expect((await modelSeries(example, readData)).title).toBe('sin(t)');
    expect((await modelSeries({ ...example, name: 'other' }, readData)).title).toBe('a synthetic wave');
  });

  it('reads the CSV file that comes with the page, and ends the prompt before the holdout', async () => {
    const data = { kind: 'csv', file: 'data/known.csv', columns: ['SPOTS'], holdout: 1, samples: 2 };
    const series = await modelSeries(trained({ data }), readData);
    expect([series.title, series.length, series.promptEnd, series.chunk]).toEqual(['SPOTS', 3, 2, 2]);
    expect(series.at(2, 0)).toBe(16);
  });

  it('makes a wave up where the page does not have the file', async () => {
    const data = { kind: 'csv', file: 'mine.csv', columns: ['SPOTS'] };
    const series = await modelSeries(trained({ data }), readData);
    expect([series.title, series.truth]).toEqual(['a synthetic wave', false]);
  });

  it('makes a clip for a video model, each frame of it one bright dot', async () => {
    const data = { kind: 'video-clips', height: 2, width: 2 };
    const series = await modelSeries(trained({ data }, { features: 4, outputs: 4 }), readData);
    expect([series.features, series.promptEnd]).toEqual([4, 20]);
    const sum = [0, 1, 2, 3].reduce((total, pixel) => total + series.at(30, pixel), 0);
    expect(sum).toBeCloseTo(1, 5);
  });
});

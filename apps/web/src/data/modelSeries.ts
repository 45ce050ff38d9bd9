import type { CsvDataConfig, FitConfig, NetManifest, VideoDataConfig } from '@onda/contract';
import { createVideoClips, readSeries, readTable } from '@onda/series';
import type { Series } from './series.ts';
import { madeUpSeries, rowSeries, sineSeries } from './series.ts';

const defaultChunk = 20;

/** Frames of the clip that a video model continues, and the index of the clip: beyond the clips of any training. */
const clipFrames = 600;
const clipNumber = 1_000_000;

/** Reads one of the data files that come with the page, by its file name; null if it is not among them. */
type ReadData = (fileName: string) => Promise<string | null>;

/**
 * The series that a model was trained on: the sine, the CSV file if the page has it, a clip of the same kind, else a synthetic wave.
 *
 * A model without a training configuration counts as the lagged sine if it has that name.
 */
export async function modelSeries(manifest: NetManifest, readData: ReadData): Promise<Series> {
  const { net, scaler, training, name } = manifest;
  // The exporter writes the validated configuration there.
  const data = training?.config['data'] as FitConfig['data'] | undefined;
  const made = madeUpSeries(net.features, scaler.center, scaler.scale, defaultChunk);
  switch (data?.kind) {
    case 'sine':
      return sineSeries(data.samples);
    case 'csv':
      return (await csvSeries(data, readData)) ?? made;
    case 'video-clips':
      return clipSeries(data, training?.seed ?? 0);
    case undefined:
      return net.features === 1 && /\bsine\b/i.test(name) ? sineSeries(defaultChunk) : made;
  }
}

async function csvSeries(data: CsvDataConfig, readData: ReadData): Promise<Series | null> {
  const { columns, samples, holdout } = data;
  const fileName = data.file.split(/[/\\]/).at(-1) ?? '';
  const text = await readData(fileName);
  if (text === null) return null;
  const { format, delimiter, decimal, header } = data;
  const table = await readTable(new TextEncoder().encode(text), {
    source: fileName,
    format,
    delimiter,
    decimal,
    header,
  });
  const { targets, series } = readSeries(table, data);
  return rowSeries(columns.join(', '), targets, Float32Array.from(series[0].values), {
    chunk: samples,
    holdout,
  });
}

function clipSeries({ height, width, frames }: VideoDataConfig, seed: number): Series {
  const values = createVideoClips({ clips: 1, frames: clipFrames, height, width, seed }, clipNumber);
  const names = Array.from({ length: height * width }, (_, pixel) => `pixel ${pixel + 1}`);
  return rowSeries(`a clip of ${height} x ${width} pixels`, names, values, {
    chunk: frames,
    holdout: clipFrames - 20,
  });
}

/** The CSV files of the examples, each a separate asset that is fetched when a model needs it. */
const files = import.meta.glob<string>('../../../../examples/data/*.csv', {
  query: '?url',
  import: 'default',
  eager: true,
});

export const readDataFile: ReadData = async (fileName) => {
  const path = Object.keys(files).find((key) => key.endsWith(`/${fileName}`));
  if (path === undefined) return null;
  const response = await fetch(files[path]);
  return response.ok ? response.text() : null;
};

import type { ReadData } from './modelSeries.ts';

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

import type { ReadData } from './modelSeries.ts';

/** The examples' CSV files, each an asset of its own that is fetched only when a model asks for it. */
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

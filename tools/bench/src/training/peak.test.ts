import { describe, expect, it } from 'vitest';
import { peaks, productRows, splitProducts } from './peak.ts';

const all = new Map([
  ['onda-native', [1, 2]],
  // Milliseconds of a product of 2 * 1024 ** 3 operations.
  ['product of onda-native', [16.777216, 33.554432]],
  ['product of pytorch', [33.554432, 16.777216]],
]);

describe(splitProducts, () => {
  it('tells products from systems, in operations a second', () => {
    const { times, products } = splitProducts(all);
    expect([...times]).toEqual([['onda-native', [1, 2]]]);
    expect(products.get('onda-native')).toEqual([128, 64]);
    expect(products.get('pytorch')).toEqual([64, 128]);
  });
});

describe(peaks, () => {
  it('takes the best of each round', () => {
    expect(peaks(splitProducts(all).products)).toEqual([128, 128]);
  });

  it('gives none where no library was measured', () => {
    expect(peaks(new Map())).toEqual([]);
  });
});

describe(productRows, () => {
  it('has a row for each library, over all works', () => {
    const { products } = splitProducts(all);
    expect(productRows([products, products])).toEqual([
      {
        work: 'product-1024',
        system: 'onda-native',
        unit: 'GFLOP/s',
        median: 96,
        min: 64,
        max: 128,
        runs: 4,
      },
      { work: 'product-1024', system: 'pytorch', unit: 'GFLOP/s', median: 96, min: 64, max: 128, runs: 4 },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { parseNetWorkload } from '../netWorkload.ts';
import { disagreements } from '../report/agreement.ts';
import {
  compareLosses,
  peaks,
  productRows,
  scalingChart,
  stepFlops,
  trainingBench,
} from './trainingBench.ts';

const parse = (name: string) => parseNetWorkload('training', name);
const lstm = parse('lstm-128-32-50');
const gru = parse('gru-128-32-50');

describe(compareLosses, () => {
  it('compares with PyTorch', () => {
    const agreements = compareLosses(
      lstm,
      new Map([
        ['onda-native', [1, 0.5, 0.25]],
        ['pytorch', [1, 0.4, 0.25]],
      ]),
    );
    expect(agreements).toHaveLength(1);
    expect(agreements[0]).toMatchObject({ subject: 'onda-native', reference: 'pytorch', compared: 3 });
    expect(agreements[0].difference).toBeCloseTo(0.25, 12);
    expect(disagreements(agreements)).toHaveLength(1);
  });

  it('compares with the first of ours where PyTorch is missing', () => {
    const agreements = compareLosses(
      lstm,
      new Map([
        ['tfjs-node-layers', [1, 9]],
        ['onda-native', [1, 0.5]],
        ['onda-wasm', [1, 0.5]],
      ]),
    );
    expect(agreements.map(({ subject, reference }) => [subject, reference])).toEqual([
      ['tfjs-node-layers', 'onda-native'],
      ['onda-wasm', 'onda-native'],
    ]);
    expect(disagreements(agreements)).toEqual([]);
  });

  it('compares one loss of the stock layers, and none of the stock GRU', () => {
    const losses = new Map([
      ['pytorch', [1, 0.5]],
      ['tfjs-node-layers', [1, 0.6]],
    ] as const);
    expect(compareLosses(lstm, losses)[0]).toMatchObject({ compared: 1, difference: 0 });
    expect(compareLosses(gru, losses)[0]).toMatchObject({ compared: 0, difference: 0 });
    expect(compareLosses(gru, losses)[0].note).toBe(
      "TensorFlow.js's GRU resets before the recurrent product, PyTorch's after it",
    );
  });

  it('finds a difference of the stock layers in their one loss', () => {
    const losses = new Map([
      ['pytorch', [1]],
      ['tfjs-node-layers', [1.001]],
    ] as const);
    expect(disagreements(compareLosses(lstm, losses))).toHaveLength(1);
  });

  it('takes NaN as infinitely far', () => {
    const losses = new Map([
      ['pytorch', [1, 0.5]],
      ['onda-native', [1, NaN]],
    ] as const);
    expect(compareLosses(lstm, losses)[0].difference).toBe(Infinity);
  });
});

const products = new Map([
  ['onda-native', [128, 64]],
  ['pytorch', [64, 128]],
]);

describe(peaks, () => {
  it('takes the best of each round', () => {
    expect(peaks(products)).toEqual([128, 128]);
  });

  it('has none where no library was measured', () => {
    expect(peaks(new Map())).toEqual([]);
  });
});

describe(productRows, () => {
  it('has a row for each library, over all workloads', () => {
    expect(productRows([products, products])).toEqual([
      {
        ...{ workload: 'product-1024', metric: '', subject: 'onda-native', unit: 'GFLOP/s' },
        values: [128, 64, 128, 64],
      },
      {
        ...{ workload: 'product-1024', metric: '', subject: 'pytorch', unit: 'GFLOP/s' },
        values: [64, 128, 64, 128],
      },
    ]);
  });
});

describe(stepFlops, () => {
  it('counts each product of a plain cell', () => {
    // Two units, one value in and out. Products per sample: W x and R h forward (2 + 4), their weights' gradients (2 + 4), the gradient
    // of h (4); read-out forward, its weights' gradient and that of h (3 * 2). A multiplication and an addition each: 2 * 22.
    expect(stepFlops(parse('rnn-2-1-1'))).toBe(44);
  });

  it('grows with batch and samples', () => {
    expect(stepFlops(parse('rnn-2-3-5'))).toBe(15 * 44);
  });

  it('counts the gradient of the input of a second layer', () => {
    // Layer two, of two units: 3 * 4 for R and 3 * 4 for W; four gates.
    expect(stepFlops(parse('lstm2-2-1-1')) - stepFlops(parse('lstm-2-1-1'))).toBe(2 * 4 * (3 * 4 + 3 * 4));
  });
});

describe('trainingBench', () => {
  const options = { quick: false, scaling: false };

  it('knows its workloads and subjects', () => {
    const usual = trainingBench.workloads(options);
    expect(usual.map((name) => trainingBench.parseWorkload(name).name)).toEqual(usual);
    for (const name of trainingBench.usualSubjects!(options)) expect(trainingBench.subjects).toContain(name);
  });

  it('draws the scaling of each size', () => {
    const names = new Set(trainingBench.workloads({ ...options, scaling: true }));
    const times = [...names].flatMap((workload) =>
      ['onda-native', 'pytorch'].map((subject) => ({
        ...{ workload, metric: '', subject, unit: 'ms', values: [1, 2, 3] },
      })),
    );
    const { panels } = scalingChart(times);
    expect(panels.map(({ points }) => points.length)).toEqual([12, 14, 16]);
  });
});

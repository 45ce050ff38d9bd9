import { describe, expect, it } from 'vitest';
import { checkGoals, missedGoals } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import { parseServingWorkload, servingBench } from './servingBench.ts';

const rows = (workload: string, subject: string, rate: number, p99: number): Measurement[] => [
  { workload, metric: '', subject, unit: 'requests/s', values: [rate] },
  { workload, metric: '-p99', subject, unit: 'ms', values: [p99] },
];
const missed = (...measurements: Measurement[]): string[] =>
  missedGoals(checkGoals(servingBench.goals, measurements));

describe('goals of servingBench', () => {
  it('bound HTTP JSON at 16 connections by both peers', () => {
    const peers = [
      ...rows('http-json-16', 'triton-python', 100, 2),
      ...rows('http-json-16', 'mlserver', 20, 1),
    ];
    expect(missed(...rows('http-json-16', 'onda', 140, 2), ...peers)).toEqual([]);
    expect(missed(...rows('http-json-16', 'onda', 110, 3), ...peers)).toEqual([
      'http-json-16 of onda: expected at least 1.4 times triton-python, got 1.10 times',
      'http-json-16 of onda: expected at least 6 times mlserver, got 5.50 times',
      'http-json-16-p99 of onda: expected at most 1 times triton-python, got 1.50 times',
    ]);
  });

  it('bound gRPC by both peers', () => {
    const peers = [...rows('grpc-16', 'triton-python', 100, 2), ...rows('grpc-16', 'mlserver', 20, 1)];
    expect(missed(...rows('grpc-16', 'onda', 250, 2), ...peers)).toEqual([]);
    expect(missed(...rows('grpc-16', 'onda', 110, 2), ...peers)).toHaveLength(2);
  });

  it('bound the other HTTP loads by Triton', () => {
    for (const load of ['http-json-1', 'http-binary-16', 'http-json-64']) {
      const peer = rows(load, 'triton-python', 100, 2);
      expect(missed(...rows(load, 'onda', 100, 2), ...peer)).toEqual([]);
      expect(missed(...rows(load, 'onda', 99, 2), ...peer)).toHaveLength(1);
    }
  });

  it('bound the steps of 1000 sequences and the start by numbers', () => {
    const start = { workload: 'start', metric: '', subject: 'onda', unit: 's', values: [1.5] };
    expect(missed(...rows('sequences-1000', 'onda', 150_000, 2), start)).toEqual([
      'sequences-1000 of onda: expected at least 400000 requests/s, got 150000 requests/s',
      'start of onda: expected at most 1 s, got 1.50 s',
    ]);
    expect(missed(...rows('sequences-100', 'onda', 5, 2))).toEqual([]);
  });
});

describe(parseServingWorkload, () => {
  it('reads form and connections', () => {
    expect(parseServingWorkload('http-json-16')).toEqual({
      ...{ name: 'http-json-16', form: 'http-json', connections: 16 },
    });
    const usual = servingBench.workloads({ quick: false, scaling: false });
    expect(usual.map((name) => parseServingWorkload(name).connections)).toEqual([
      ...[1, 16, 64, 1, 16, 64, 1, 16, 64],
      ...[1, 100, 1000, 1, 100, 1000],
    ]);
  });

  it.each(['http-16', 'grpc-0', 'grpc-16-1'])('rejects %s', (name) => {
    expect(() => parseServingWorkload(name)).toThrow(
      `--works: expected loads such as http-json-16, grpc-64, sequences-1000 or steps-1000, got "${name}"; correct the name`,
    );
  });
});

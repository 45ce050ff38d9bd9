import { expect } from 'vitest';

/** An answer of `generate`, and the events of `generate_stream`. */
export interface Generated {
  values: number[];
  state?: number[];
  seed?: number;
  error?: string;
}

/** A piece's runs are other runs of the same nodes: float32 of values about 1, over 200 samples fed back; measured 0. */
const ATOL = 1e-6;

export function expectClose(actual: readonly number[], expected: ArrayLike<number>): void {
  expect(actual).toHaveLength(expected.length);
  const differences = actual.map((value, index) => Math.abs(value - expected[index]));
  expect(Math.max(...differences)).toBeLessThanOrEqual(ATOL);
}

export type Streamed = Generated & { pieces: number };

/** The events of a stream, joined as one answer. */
export async function streamed(url: string, body: object): Promise<Streamed> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const events = (await response.text())
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => JSON.parse(event.replace(/^data: /, '')) as Generated);
  return {
    ...events[events.length - 1],
    values: events.flatMap(({ values }) => values),
    pieces: events.length,
  };
}

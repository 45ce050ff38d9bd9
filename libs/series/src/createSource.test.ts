import { ConfigError, DataError, parseFitConfig } from '@onda/contract';
import type { FitConfig } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { createSource } from './createSource.ts';
import { judgeForecast } from './forecastErrors.ts';
import { sineChunk } from './sine.ts';
import { readTable } from './table.ts';
import { createVideoClips } from './video.ts';

const config = (data: object, more: object = {}): FitConfig =>
  parseFitConfig({ name: 'a', data, ...more }, 'test');
const csv = async (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { bytes, table: await readTable(bytes, { source: 's.csv' }) };
};
const rows = (values: number[]) => csv(`a\n${values.join('\n')}\n`);

describe(createSource, () => {
  describe('sine', () => {
    it('gives step k chunk k and starts once', () => {
      const source = createSource(config({ kind: 'sine' }));
      expect(source.chunk(7)).toEqual({
        ...sineChunk(7, 20),
        batch: 1,
        time: 20,
        features: 1,
        outputs: 1,
        startsSequence: false,
      });
      expect(source.chunk(0).startsSequence).toBe(true);
      expect(source.evaluations()).toEqual([]);
    });

    it('hashes the parameters that determine the values', () => {
      const text = (more: object) =>
        new TextDecoder().decode(createSource(config({ kind: 'sine' }, more)).hashInput);
      expect(text({})).toBe('{"kind":"sine","lag":1,"samples":20}');
      expect(text({ lag: 2 })).not.toBe(text({}));
      expect(text({ seed: 2 })).toBe(text({}));
    });
  });

  describe('csv', () => {
    const data = { kind: 'csv', file: 's.csv', columns: ['a'], samples: 2, holdout: 3, scaler: 'minmax' };
    const values = [0, 5, 10, 5, 0, 10, 90, 91, 92];

    it('splits the training part into chunks and starts over', async () => {
      const source = createSource(config(data), await rows(values));
      const chunks = [0, 1, 2, 3].map((step) => source.chunk(step));
      expect(chunks.map(({ x }) => [...x])).toEqual([[0, 0.5], [1, 0.5], [0], [0, 0.5]]);
      expect(chunks.map(({ y }) => [...y])).toEqual([[0.5, 1], [0.5, 0], [1], [0.5, 1]]);
      expect(chunks.map(({ time }) => time)).toEqual([2, 2, 1, 2]);
      expect(chunks.map(({ startsSequence }) => startsSequence)).toEqual([true, false, false, true]);
    });

    it('fits the scaler on the training part only', async () => {
      expect(createSource(config(data), await rows(values)).scaler).toEqual({
        kind: 'minmax',
        center: [0],
        scale: [10],
      });
    });

    it('holds out the last samples, in the units of the data', async () => {
      const [evaluation] = createSource(config(data, { lag: 2 }), await rows(values)).evaluations();
      expect(evaluation).toMatchObject({ batch: 1, time: 7, from: 4, features: 1, outputs: 1 });
      expect([...evaluation.x]).toEqual(values.slice(0, 7));
      expect([...evaluation.y.slice(evaluation.from)]).toEqual([90, 91, 92]);
    });

    it('has no hold-out data with holdout 0', async () => {
      expect(createSource(config({ ...data, holdout: 0 }), await rows(values)).evaluations()).toEqual([]);
    });

    it('interleaves several columns', async () => {
      const table = await csv('a,b\n1,10\n2,20\n3,30\n');
      const several = { ...data, columns: ['b', 'a'], holdout: 0, scaler: 'none' };
      const source = createSource(config(several), table);
      expect(source.features).toBe(2);
      expect([...source.chunk(0).y]).toEqual([20, 2, 30, 3]);
      expect(source.hashInput).toBe(table.bytes);
    });

    it('rejects a file that is too short and accepts the shortest valid one', async () => {
      const short = await rows([1, 2, 3, 4]);
      expect(() => createSource(config(data), short)).toThrow(
        new DataError(
          's.csv: expected at least 5 samples of values (hold-out 3, training 2), got 4; add rows, or lower data.holdout or lag',
        ),
      );
      expect(createSource(config(data), await rows([1, 2, 3, 4, 5])).chunk(0).time).toBe(1);
    });

    it('gives every chunk of a pass about the same length', async () => {
      // 179 pairs: chunks of 178 and 1 would give every second training step a single pair.
      const wave = await rows(Array.from({ length: 180 }, (_, i) => Math.sin(i)));
      const source = createSource(config({ ...data, samples: 178, holdout: 0 }), wave);
      expect([source.chunk(0).time, source.chunk(1).time]).toEqual([90, 89]);
      expect(source.chunk(0).x.at(-1)).toBe(source.chunk(0).y.at(-2));
      expect(source.chunk(1).x[0]).toBe(source.chunk(0).y.at(-1));
    });

    it('scales in float64', async () => {
      const far = await rows(Array.from({ length: 1000 }, (_, i) => 100_000_000 + i));
      const source = createSource(config({ ...data, holdout: 10, scaler: 'standard' }), far);
      const { x, y } = source.chunk(3);
      const { scale } = source.scaler;
      for (const [index, value] of x.entries()) expect((y[index] - value) * scale[0]).toBeCloseTo(1, 3);
      const [evaluation] = source.evaluations();
      expect(judgeForecast([evaluation], [evaluation.x]).naive.rmse).toBe(1);
      expect(source.notes.at(-1)).toMatch(
        /^warning: column "a": the exported model reads float32, whose rounding is 2\d\d % of the change/,
      );
    });

    it('takes the series of a file one after the other, each from its start', async () => {
      const table = await csv('g,a\nA,1\nA,2\nA,3\nB,10\nB,20\nB,30\nB,40\n');
      const source = createSource(config({ ...data, group: 'g', holdout: 1, scaler: 'none' }), table);
      const chunks = [0, 1, 2].map((step) => source.chunk(step));
      expect(chunks.map(({ x, y, startsSequence }) => [...x, ...y, startsSequence])).toEqual([
        [1, 2, true],
        [10, 20, 20, 30, true],
        [1, 2, true],
      ]);
      expect(source.evaluations().map(({ id, from, y }) => [id, from, ...y])).toEqual([
        ['A', 1, 2, 3],
        ['B', 2, 20, 30, 40],
      ]);
    });

    it('requires the file', () => {
      expect(() => createSource(config(data))).toThrow(
        new ConfigError(
          'data.file: expected the table of s.csv, got none; read the file with readTable and pass it to createSource',
        ),
      );
    });
  });

  describe('video-clips', () => {
    const data = { kind: 'video-clips', clips: 5, batch: 2, frames: 3, holdout: 2 };
    const clip = (number: number) =>
      createVideoClips({ clips: 1, frames: 4, height: 2, width: 2, seed: 9 }, number);
    const source = createSource(config(data, { seed: 9 }));

    /** First frames of the clips that a pass of three steps shows, in order. */
    const pass = (from: number): string[] =>
      [from, from + 1, from + 2].flatMap((step) => {
        const { x, batch } = source.chunk(step);
        return Array.from({ length: batch }, (_, row) => x.slice(row * 12, row * 12 + 4).join());
      });

    it('shows every clip once a pass, in an order that changes', () => {
      const first = pass(0);
      const all = [0, 1, 2, 3, 4].map((number) => clip(number).slice(0, 4).join());
      expect(first.toSorted()).toEqual(all.toSorted());
      expect(pass(3).toSorted()).toEqual(all.toSorted());
      expect([pass(3), pass(6), pass(9)].some((order) => order.join() !== first.join())).toBe(true);
    });

    it('returns the same chunk for the same step after any other calls', () => {
      const chunk = source.chunk(4);
      source.chunk(11);
      expect(source.chunk(4)).toEqual(chunk);
    });

    it('gives y as x one frame later, each clip a separate sequence', () => {
      const { x, y, batch, time, features, startsSequence } = source.chunk(0);
      expect({ batch, time, features, startsSequence }).toEqual({
        batch: 2,
        time: 3,
        features: 4,
        startsSequence: true,
      });
      expect(y.slice(0, 8)).toEqual(x.slice(4, 12));
      expect(y.slice(12, 20)).toEqual(x.slice(16, 24));
    });

    it('has separate hold-out clips', () => {
      const [evaluation] = source.evaluations();
      expect(evaluation).toMatchObject({ batch: 2, time: 3, from: 0 });
      expect(evaluation.x.slice(12)).toEqual(Float64Array.from(clip(6).slice(0, 12)));
    });

    it('rejects a batch larger than a pass', () => {
      expect(() => createSource(config({ ...data, batch: 6 }))).toThrow(
        new ConfigError(
          'data.batch: expected at most data.clips (5), got 6; lower data.batch or raise data.clips',
        ),
      );
    });
  });
});

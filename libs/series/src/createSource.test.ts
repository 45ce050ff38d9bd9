import { ConfigError, DataError, parseFitConfig } from '@onda/contract';
import type { FitConfig } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { createSource } from './createSource.ts';
import { sineChunk } from './sine.ts';
import { createVideoClips } from './video.ts';

const config = (data: object, more: object = {}): FitConfig =>
  parseFitConfig({ name: 'a', data, ...more }, 'test');
const csv = (text: string) => ({ source: 's.csv', bytes: new TextEncoder().encode(text) });
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
      expect(source.evaluation()).toBeNull();
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

    it('splits the training part into chunks, the last one shorter, and starts over', () => {
      const source = createSource(config(data), rows(values));
      const chunks = [0, 1, 2, 3].map((step) => source.chunk(step));
      expect(chunks.map(({ x }) => [...x])).toEqual([[0, 0.5], [1, 0.5], [0], [0, 0.5]]);
      expect(chunks.map(({ y }) => [...y])).toEqual([[0.5, 1], [0.5, 0], [1], [0.5, 1]]);
      expect(chunks.map(({ time }) => time)).toEqual([2, 2, 1, 2]);
      expect(chunks.map(({ startsSequence }) => startsSequence)).toEqual([true, false, false, true]);
    });

    it('fits the scaler on the training part only', () => {
      expect(createSource(config(data), rows(values)).scaler).toEqual({
        kind: 'minmax',
        center: [0],
        scale: [10],
      });
    });

    it('holds out the last samples, in the units of the data', () => {
      const evaluation = createSource(config(data, { lag: 2 }), rows(values)).evaluation();
      expect(evaluation).toMatchObject({ batch: 1, time: 7, from: 4, features: 1, outputs: 1 });
      expect([...evaluation!.x]).toEqual(values.slice(0, 7));
      expect([...evaluation!.y.slice(evaluation!.from)]).toEqual([90, 91, 92]);
    });

    it('has no hold-out data with holdout 0', () => {
      expect(createSource(config({ ...data, holdout: 0 }), rows(values)).evaluation()).toBeNull();
    });

    it('interleaves several columns', () => {
      const table = csv('a,b\n1,10\n2,20\n3,30\n');
      const several = { ...data, columns: ['b', 'a'], holdout: 0, scaler: 'none' };
      const source = createSource(config(several), table);
      expect(source.features).toBe(2);
      expect([...source.chunk(0).y]).toEqual([20, 2, 30, 3]);
      expect(source.hashInput).toBe(table.bytes);
    });

    it('rejects a file that is too short and accepts the shortest valid one', () => {
      expect(() => createSource(config(data), rows([1, 2, 3, 4]))).toThrow(
        new DataError(
          's.csv: expected at least 5 rows of values (hold-out 3, lag 1 and 1 for training), got 4; add rows, or lower data.holdout or lag',
        ),
      );
      expect(createSource(config(data), rows([1, 2, 3, 4, 5])).chunk(0).time).toBe(1);
    });

    it('rejects text that is not UTF-8', () => {
      const bytes = Uint8Array.of(0x61, 0x0a, 0xff, 0x31);
      expect(() => createSource(config(data), { source: 's.csv', bytes })).toThrow(
        new DataError('s.csv: expected UTF-8 text, got other bytes; save the file as UTF-8'),
      );
    });

    it('requires the file', () => {
      expect(() => createSource(config(data))).toThrow(
        new ConfigError(
          'data.file: expected the bytes of s.csv, got none; read the file and pass it to createSource',
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
      const evaluation = source.evaluation();
      expect(evaluation).toMatchObject({ batch: 2, time: 3, from: 0 });
      expect(evaluation!.x.slice(12)).toEqual(clip(6).slice(0, 12));
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

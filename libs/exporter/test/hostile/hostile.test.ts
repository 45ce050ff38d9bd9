import { drawsOf, mutateFile, readHostile } from '@onda/onnx/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { countFrom } from '../matrix/matrixSize.ts';
import type { ModelFile } from './modelFiles.ts';
import { modelFiles } from './modelFiles.ts';

/** Damaged files in all, and the seed of models and damages: from the environment, else a fixed set. */
const cases = countFrom(process.env, 'ONDA_HOSTILE_CASES', 10_000);
const seed = countFrom(process.env, 'ONDA_HOSTILE_SEED', 5);
/** What the heap may hold after all of them, beyond before; measured 20 MB. */
const keptBytes = 2 ** 28;

describe('damaged files of what the exporter writes', () => {
  let files: ModelFile[] = [];
  beforeAll(async () => {
    files = await modelFiles(seed);
  });

  it('are read, printed and checked when they are whole', () => {
    expect(files.length).toBeGreaterThan(60);
    for (const { name, file, data } of files) expect([name, readHostile(file, data)]).toEqual([name, true]);
  });

  it('are taken or refused in one line each, and leave nothing behind', () => {
    const draw = drawsOf(seed);
    const before = process.memoryUsage().heapUsed;
    const slowest = { name: '', milliseconds: 0 };
    let taken = 0;
    for (let index = 0; index < cases; index++) {
      const { name, file, data } = files[index % files.length];
      const damaged = mutateFile(file, draw);
      const start = performance.now();
      try {
        if (readHostile(damaged, data)) taken++;
      } catch (error) {
        throw new Error(`file ${index} of seed ${seed}, made of "${name}"`, { cause: error });
      }
      const milliseconds = performance.now() - start;
      if (milliseconds > slowest.milliseconds) Object.assign(slowest, { name, milliseconds });
    }
    console.info(
      `${cases} damaged files, ${taken} taken for models; the slowest took ${slowest.milliseconds.toFixed(0)} ms ("${slowest.name}")`,
    );
    expect(taken).toBeGreaterThan(cases / 20);
    expect(taken).toBeLessThan(cases / 2);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(keptBytes);
  });
});

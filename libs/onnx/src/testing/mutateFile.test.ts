import { describe, expect, it } from 'vitest';
import { writeModel } from '../wire/writeModel.ts';
import { exampleModel } from './exampleModel.ts';
import { fileOf, parseFields } from './fieldTree.ts';
import { drawsOf, mutateFile } from './mutateFile.ts';
import { readHostile } from './readHostile.ts';

const file = writeModel(exampleModel());

describe(mutateFile, () => {
  it('changes a file that it takes apart and puts together again as it was', () => {
    expect(fileOf(parseFields(file))).toEqual(file);
    expect(readHostile(file)).toBe(true);
  });

  it('gives files of which some are valid models and most are refused in one line', () => {
    const draw = drawsOf(3);
    let taken = 0;
    const rounds = 2000;
    for (let round = 0; round < rounds; round++) if (readHostile(mutateFile(file, draw))) taken++;
    expect(taken).toBeGreaterThan(rounds / 10);
    expect(taken).toBeLessThan(rounds / 2);
  });
});

import {
  appendFileSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareFile, describeFile, readValidRecords, writeRecords } from './fileRecord.ts';

let folder: string;
let library: string;
let records: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onda-record-'));
  library = join(folder, 'lib.so');
  records = join(folder, 'files.json');
  writeFileSync(library, 'machine code');
  writeRecords(records, [await describeFile(library)]);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe(compareFile, () => {
  it('recognizes an unchanged file', async () => {
    expect(await compareFile(await describeFile(library))).toBe('same');
  });

  it('distinguishes another time with the same bytes from other bytes', async () => {
    const record = await describeFile(library);
    utimesSync(library, new Date(0), new Date(0));
    expect(await compareFile(record)).toBe('touched');
    writeFileSync(library, 'machine CODE');
    expect(await compareFile(record)).toBe('damaged');
    truncateSync(library, 3);
    expect(await compareFile(record)).toBe('damaged');
    rmSync(library);
    expect(await compareFile(record)).toBe('absent');
  });
});

describe(readValidRecords, () => {
  it('returns the records of undamaged files', async () => {
    expect(await readValidRecords(folder, records)).toEqual([await describeFile(library)]);
  });

  it('records a new time, so that the file is hashed once', async () => {
    utimesSync(library, new Date(5_000), new Date(5_000));
    await readValidRecords(folder, records);
    expect((await readValidRecords(folder, records))?.[0]?.mtimeMs).toBe(statSync(library).mtimeMs);
    expect(statSync(library).mtimeMs).toBe(5_000);
  });

  it.each([
    [
      'a library that grew',
      (): void => {
        appendFileSync(library, '!');
      },
    ],
    [
      'other bytes of the same length',
      (): void => {
        writeFileSync(library, 'MACHINE code');
      },
    ],
    [
      'an absent library',
      (): void => {
        rmSync(library);
      },
    ],
    [
      'a truncated record',
      (): void => {
        truncateSync(records, 10);
      },
    ],
    [
      'no record',
      (): void => {
        rmSync(records);
      },
    ],
    [
      'an empty record',
      (): void => {
        writeFileSync(records, '{"files":[]}');
      },
    ],
  ])('rejects %s', async (_name, damage) => {
    damage();
    expect(await readValidRecords(folder, records)).toBeNull();
  });
});

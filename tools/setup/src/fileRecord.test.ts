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
import { compareFile, describeFile, soundRecords, writeRecords } from './fileRecord.mjs';

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
  it('knows a file that nobody touched', async () => {
    expect(await compareFile(await describeFile(library))).toBe('same');
  });

  it('knows the same bytes under another time, and other bytes', async () => {
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

describe(soundRecords, () => {
  it('gives the records of undamaged files', async () => {
    expect(await soundRecords(folder, records)).toEqual([await describeFile(library)]);
  });

  it('notes a new time once, so that the bytes are not read each time', async () => {
    utimesSync(library, new Date(5_000), new Date(5_000));
    await soundRecords(folder, records);
    expect((await soundRecords(folder, records))?.[0]?.mtimeMs).toBe(statSync(library).mtimeMs);
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
      'a library that is gone',
      (): void => {
        rmSync(library);
      },
    ],
    [
      'a record that was cut',
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
      'a record of nothing',
      (): void => {
        writeFileSync(records, '{"files":[]}');
      },
    ],
  ])('refuses %s', async (_name, damage) => {
    damage();
    expect(await soundRecords(folder, records)).toBeNull();
  });
});

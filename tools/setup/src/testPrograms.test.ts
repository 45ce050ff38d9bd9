import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSetupRecord } from './setupRecord.ts';
import { testVariables } from './testCommand.ts';
import { findProgram, testPrograms } from './testPrograms.ts';

const redis = testPrograms.filter(({ field }) => field === 'redis')[0];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onda-programs-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

describe(findProgram, () => {
  it('returns the program of the variable, else of PATH, else null', () => {
    const PATH = folder;
    expect(findProgram(redis, { PATH })).toBeNull();
    const valkey = program('valkey-server');
    expect(findProgram(redis, { PATH })).toBe(valkey);
    const own = program('own');
    expect(findProgram(redis, { PATH, ONDA_REDIS_SERVER: own })).toBe(own);
  });

  it('rejects a variable that does not name a program', () => {
    expect(() => findProgram(redis, { PATH: folder, ONDA_REDIS_SERVER: '/none' })).toThrow(
      'ONDA_REDIS_SERVER: expected the path of Redis, got /none, which is not executable; correct it, or unset it to search PATH.',
    );
  });
});

describe(testVariables, () => {
  it('contains the programs of the record', () => {
    const record = readSetupRecord(folder);
    expect(testVariables(record)).toEqual({});
    expect(testVariables({ ...record, redis: '/bin/redis-server' })).toEqual({
      ONDA_REDIS_SERVER: '/bin/redis-server',
    });
  });
});

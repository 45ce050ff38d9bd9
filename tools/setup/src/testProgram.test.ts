import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSetupRecord } from './setupRecord.mjs';
import { findProgram } from './testProgram.mjs';
import { programVariables, testPrograms } from './testPrograms.mjs';

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
  it('takes what the variable names, else what is on PATH under one of its names, else nothing', () => {
    const PATH = folder;
    expect(findProgram(redis, { PATH })).toBeNull();
    const valkey = program('valkey-server');
    expect(findProgram(redis, { PATH })).toBe(valkey);
    const own = program('own');
    expect(findProgram(redis, { PATH, ONDA_REDIS_SERVER: own })).toBe(own);
  });

  it('refuses a variable that names no program', () => {
    expect(() => findProgram(redis, { PATH: folder, ONDA_REDIS_SERVER: '/none' })).toThrow(
      "ONDA_REDIS_SERVER names /none, which cannot be run; name Redis's program, or leave the variable out to have it looked for on PATH.",
    );
  });
});

describe(programVariables, () => {
  it('names what the record has', () => {
    const record = readSetupRecord(folder);
    expect(programVariables(record)).toEqual({});
    expect(programVariables({ ...record, redis: '/bin/redis-server' })).toEqual({
      ONDA_REDIS_SERVER: '/bin/redis-server',
    });
  });
});

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cpuKey, findOnPath, installCommand, unsupportedMachine } from './machine.ts';

describe(unsupportedMachine, () => {
  it('accepts x64 Linux with glibc', () => {
    expect(
      unsupportedMachine("TensorFlow's library", { platform: 'linux', arch: 'x64', glibc: '2.36' }),
    ).toBeNull();
  });

  it('names what differs', () => {
    expect(
      unsupportedMachine("TensorFlow's library", { platform: 'darwin', arch: 'arm64', glibc: null }),
    ).toBe("TensorFlow's library is for x64 Linux and this is arm64 darwin");
    expect(unsupportedMachine("TensorFlow's library", { platform: 'linux', arch: 'x64', glibc: null })).toBe(
      "TensorFlow's library needs glibc and this Linux has another C library",
    );
  });
});

describe(cpuKey, () => {
  const cpu = (flags: string): string => `processor : 0\nflags\t\t: ${flags}\nbugs : none\n`;

  it('depends on the features, not on their order or on other lines', () => {
    expect(cpuKey(cpu('avx fma'))).toBe(cpuKey(`model name : x\n${cpu('fma avx')}`));
    expect(cpuKey(cpu('avx fma'))).not.toBe(cpuKey(cpu('avx fma avx512f')));
  });

  it('is unknown without flags', () => {
    expect(cpuKey('')).toBe('unknown');
  });
});

describe(installCommand, () => {
  it('is a command of the package manager on PATH', () => {
    const folder = mkdtempSync(join(tmpdir(), 'onda-path-'));
    writeFileSync(join(folder, 'apt-get'), '#!/bin/sh\n');
    chmodSync(join(folder, 'apt-get'), 0o755);
    const env = { PATH: folder };
    expect(findOnPath('apt-get', env)).toBe(join(folder, 'apt-get'));
    expect(installCommand('compiler', env, true)).toBe('apt-get install -y g++');
    expect(installCommand('pip', env, false)).toBe('sudo apt-get install -y python3-pip');
    rmSync(folder, { recursive: true });
    expect(findOnPath('apt-get', env)).toBeNull();
  });
});

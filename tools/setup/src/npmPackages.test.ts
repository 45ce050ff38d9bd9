import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installedMatches, npmFailure, packagesInstalled } from './npmPackages.mjs';

let root: string;

const lock = (version: string): string =>
  JSON.stringify({ packages: { '': {}, 'node_modules/a': { version, integrity: `sha512-${version}` } } });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onda-npm-'));
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'package-lock.json'), lock('1.0.0'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

describe(packagesInstalled, () => {
  const hidden = (): string => join(root, 'node_modules', '.package-lock.json');

  it('is false where npm did not finish', () => {
    expect(packagesInstalled(root)).toBe(false);
  });

  it('is true after a manual install, and writes the stamp', () => {
    writeFileSync(hidden(), lock('1.0.0'));
    expect(packagesInstalled(root)).toBe(true);
    expect(existsSync(join(root, 'node_modules', '.onda', 'packages.json'))).toBe(true);
    expect(packagesInstalled(root)).toBe(true);
  });

  it('is false when the lock file has another version', () => {
    writeFileSync(hidden(), lock('1.0.0'));
    expect(packagesInstalled(root)).toBe(true);
    writeFileSync(join(root, 'package-lock.json'), lock('1.0.1'));
    expect(packagesInstalled(root)).toBe(false);
  });

  it('is false where the list of installed packages is damaged', () => {
    writeFileSync(hidden(), '{"packages":');
    expect(packagesInstalled(root)).toBe(false);
  });
});

describe(installedMatches, () => {
  const a = { version: '1.0.0', integrity: 'x' };

  it('ignores packages for other systems and the folders of the workspace', () => {
    const wanted = {
      '': {},
      'libs/x': {},
      'node_modules/a': a,
      'node_modules/mac': { ...a, optional: true },
    };
    expect(installedMatches(wanted, { 'node_modules/a': a })).toBe(true);
  });

  it('reports an absent package, another version, another hash', () => {
    const wanted = { 'node_modules/a': a };
    expect(installedMatches(wanted, {})).toBe(false);
    expect(installedMatches(wanted, { 'node_modules/a': { ...a, version: '1.0.1' } })).toBe(false);
    expect(installedMatches(wanted, { 'node_modules/a': { ...a, integrity: 'y' } })).toBe(false);
  });
});

describe(npmFailure, () => {
  it('skips the codes', () => {
    const stderr =
      'npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error network request to the registry failed.\n';
    expect(npmFailure({ code: 1, signal: null, stdout: '', stderr, missing: false })).toBe(
      'network request to the registry failed',
    );
  });
});

import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from './cacheFolder.ts';

describe(cacheFolder, () => {
  it('takes ONDA_CACHE, else the user cache, else the one at home', () => {
    expect(cacheFolder({ ONDA_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
    expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/onda');
    expect(cacheFolder({})).toBe(`${homedir()}/.cache/onda`);
  });
});

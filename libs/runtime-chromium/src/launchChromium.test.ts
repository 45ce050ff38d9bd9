import { afterEach, describe, expect, it, vi } from 'vitest';
import { MissingError } from '@onda/contract';
import { findChromium, launchChromium } from './launchChromium.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe(findChromium, () => {
  it('takes ONDA_CHROMIUM before the system', () => {
    expect(findChromium({ ONDA_CHROMIUM: '/opt/browser' })).toBe('/opt/browser');
  });
});

describe(launchChromium, () => {
  it('says how to name another when the browser does not start', async () => {
    vi.stubEnv('ONDA_CHROMIUM', '/nowhere/chromium');
    const refused = launchChromium();
    await expect(refused).rejects.toThrow(MissingError);
    await expect(refused).rejects.toThrow(
      /^browser: expected \/nowhere\/chromium to start, got ".+"; set ONDA_CHROMIUM to another browser$/,
    );
  });
});

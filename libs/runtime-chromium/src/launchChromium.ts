import { MissingError } from '@onda/contract';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { findChromium } from './findChromium.ts';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts a Chromium without a window.
 *
 * @throws MissingError where there is none, or it does not start
 */
export async function launchChromium(): Promise<Browser> {
  const program = findChromium();
  if (program === null) {
    throw new MissingError(
      'browser: expected Chromium at ONDA_CHROMIUM, in /usr/bin or on PATH, got none; install it (Debian: apt-get install chromium)',
    );
  }
  try {
    return await chromium.launch({ executablePath: program, args: flags, headless: true });
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1);
    throw new MissingError(
      `browser: expected ${program} to start, got "${reason}"; name another in ONDA_CHROMIUM`,
      { cause },
    );
  }
}

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { MissingError } from '@onda/contract';

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
 * Starts a headless Chromium.
 *
 * @throws MissingError if it is missing or does not start
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
      `browser: expected ${program} to start, got "${reason}"; set ONDA_CHROMIUM to another browser`,
      { cause },
    );
  }
}

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Path of Chromium: ONDA_CHROMIUM, else that of the system; null if there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const configured = env['ONDA_CHROMIUM'];
  if (configured !== undefined && configured !== '') return configured;
  const folders = ['/usr/bin', ...(env['PATH'] ?? '').split(delimiter)];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

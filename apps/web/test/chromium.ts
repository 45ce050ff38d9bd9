// The tests control a browser from Node; the page itself may not import this library.
// eslint-disable-next-line @nx/enforce-module-boundaries
import { findChromium } from '@onda/runtime-chromium';
import type { Browser, Page } from 'playwright-core';

// eslint-disable-next-line @nx/enforce-module-boundaries
export { launchChromium } from '@onda/runtime-chromium';

/**
 * Whether the browser tests can run here. Without Chromium they are skipped with a message; on CI that is a failure.
 */
export function canTestInBrowser(): boolean {
  if (findChromium() !== null) return true;
  const text =
    'browser tests: expected Chromium at ONDA_CHROMIUM, in /usr/bin or on PATH, got none; install it (Debian: apt-get install chromium)';
  if (process.env['CI'] === 'true') throw new Error(text);
  console.warn(`${text}; they are skipped`);
  return false;
}

/** A page, and everything that went wrong in it: console errors, uncaught errors, requests that failed. */
export interface WatchedPage {
  page: Page;
  problems: string[];
}

export async function openPage(
  browser: Browser,
  options: { width?: number; height?: number; dark?: boolean; reducedMotion?: boolean } = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.dark === true ? 'dark' : 'light',
    reducedMotion: options.reducedMotion === true ? 'reduce' : 'no-preference',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`status ${response.status()}: ${response.url()}`);
  });
  return { page, problems };
}

import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

/** The tests in a real Chromium, on the built page. */
const browser = mergeConfig(base, defineConfig({ test: { name: 'web, browser', testTimeout: 60_000 } }));
browser.test.include = ['test/**/*.browser.ts'];

export default browser;

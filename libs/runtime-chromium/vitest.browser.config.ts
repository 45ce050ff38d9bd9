import { defineConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

/** The tests that need a real Chromium. */
export default defineConfig({
  test: {
    ...base.test,
    name: 'runtime-chromium, browser',
    include: ['test/**/*.browser.ts'],
    testTimeout: 60_000,
  },
});

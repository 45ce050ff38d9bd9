import { defineConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

/** The tests in a real Chromium, on the built page. */
export default defineConfig({
  test: { ...base.test, name: 'web, browser', include: ['test/**/*.browser.ts'], testTimeout: 60_000 },
});

import { defineConfig } from 'vitest/config';

/** What every package's tests share; a package merges its name (and, rarely, more) into it. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    environment: 'node',
    passWithNoTests: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Two cores, and Nx already runs two projects side by side.
    maxWorkers: 1,
  },
});

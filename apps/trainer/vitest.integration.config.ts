import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'trainer integration',
    include: ['test/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // They start processes, and nothing else is tested beside them.
    maxWorkers: 2,
  },
});

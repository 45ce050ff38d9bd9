import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'trainer integration',
    include: ['test/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // The tests start processes, and run while nothing else is tested.
    maxWorkers: 2,
  },
});

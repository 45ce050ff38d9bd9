import { defineConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

export default defineConfig({
  test: {
    ...base.test,
    name: 'server-integration',
    include: ['test/**/*.test.ts'],
    // Each test of the command line starts processes, which takes seconds on a busy machine.
    testTimeout: 60_000,
    // They wait for processes and clocks for half of their time, and nothing else is tested beside them.
    maxWorkers: 2,
  },
});

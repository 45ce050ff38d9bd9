import { defineConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

export default defineConfig({
  test: {
    ...base.test,
    name: 'server-integration',
    include: ['test/**/*.test.ts'],
    // Each test of the command line starts processes, which takes seconds on a busy machine.
    testTimeout: 60_000,
    // The tests wait for processes and timers half of the time, and run while nothing else is tested.
    maxWorkers: 2,
  },
});

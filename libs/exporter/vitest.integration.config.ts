import { defineConfig } from 'vitest/config';

// The layer matrix, compared with TensorFlow.js in ONNX Runtime for Node, Python and the browser: `nx integration exporter`.
export default defineConfig({
  test: {
    name: 'exporter integration',
    include: ['test/{matrix,package,hostile}/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
    // TensorFlow.js's advice to install its addon, and its note that an initial state is not saved as an option: it is saved as an input.
    onConsoleLog: (text) => !/speed things up|non-serializable keyword/.test(text),
  },
});

import { defineConfig } from 'vitest/config';

/** The configuration that the tests of all packages share; a package merges its name into it. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    environment: 'node',
    passWithNoTests: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Disables ONNX Runtime's telemetry (silenceTelemetry in libs/runtime-node).
    env: { ORT_DISABLE_TELEMETRY: '1' },
    // Nx already runs two projects in parallel.
    maxWorkers: 1,
  },
});

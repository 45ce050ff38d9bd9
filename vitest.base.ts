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
    // ONNX Runtime tells Microsoft of its use otherwise (silenceTelemetry in libs/runtime-node).
    env: { ORT_DISABLE_TELEMETRY: '1' },
    // Two cores, and Nx already runs two projects side by side.
    maxWorkers: 1,
  },
});

import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// The matrix of layers takes its time: `nx integration exporter`.
export default mergeConfig(
  base,
  defineConfig({ test: { name: 'exporter', exclude: ['test/{matrix,package,hostile}/**', 'dist/**'] } }),
);

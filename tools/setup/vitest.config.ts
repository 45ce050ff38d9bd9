import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// The tests in test/ download other versions of Node; they run with `nx integration setup`.
export default mergeConfig(
  base,
  defineConfig({ test: { name: 'setup', exclude: ['test/**', 'node_modules/**', 'dist/**'] } }),
);

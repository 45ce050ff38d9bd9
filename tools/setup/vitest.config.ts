import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// The tests below test/ bring other versions of Node: `nx integration setup`.
export default mergeConfig(
  base,
  defineConfig({ test: { name: 'setup', exclude: ['test/**', 'node_modules/**', 'dist/**'] } }),
);

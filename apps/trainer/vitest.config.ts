import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// The tests below test/ run whole commands: `nx integration trainer`.
export default mergeConfig(
  base,
  defineConfig({ test: { name: 'trainer', exclude: ['test/**', 'dist/**'] } }),
);

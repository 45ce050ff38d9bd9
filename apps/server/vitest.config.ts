import { defineConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// Not merged, since merging would add to the base's `include`: what starts the service as a process is in test/, and
// vitest.integration.config.ts runs it.
export default defineConfig({ test: { ...base.test, name: 'server', include: ['src/**/*.test.ts'] } });

import { createRequire } from 'node:module';

/** The version in this app's package.json. */
export const serverVersion = (createRequire(import.meta.url)('../package.json') as { version: string })
  .version;

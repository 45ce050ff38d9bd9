import { createRequire } from 'node:module';

/** The version in this app's package.json. */
export const serverVersion = (createRequire(import.meta.url)('../package.json') as { version: string })
  .version;

/** The server metadata of the protocol, for HTTP and gRPC. */
export const serverDescription = {
  name: 'onda',
  version: serverVersion,
  extensions: [
    'binary_tensor_data',
    'generate',
    'model_configuration',
    'schedule_policy',
    'sequence',
    'sequence(string_id)',
    'statistics',
  ],
} as const;

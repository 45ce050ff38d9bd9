import { serverVersion } from './serverVersion.ts';

/** What the service says of itself, over HTTP and gRPC. */
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

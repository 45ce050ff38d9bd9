import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';

const folder = fileURLToPath(new URL('../../proto/', import.meta.url));

const definitions = loadSync(['inference.proto', 'health.proto'], {
  includeDirs: [folder],
  keepCase: true,
  // Text: not every number of 64 bits is one of JavaScript.
  longs: String,
  enums: String,
  // Every field is there, so that a decoded message has one form.
  defaults: true,
  oneofs: true,
});

/** The services of the .proto files; tests make clients of them too. */
export const inferenceService = definitions['inference.GRPCInferenceService'] as ServiceDefinition;
export const healthService = definitions['grpc.health.v1.Health'] as ServiceDefinition;

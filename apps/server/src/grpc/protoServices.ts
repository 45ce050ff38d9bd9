import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';

const folder = fileURLToPath(new URL('../../proto/', import.meta.url));

/** Services, messages and enumerations of the .proto files, by full name. */
export const definitions = loadSync(
  ['inference.proto', 'health.proto', 'reflection.proto', 'reflection_v1alpha.proto'],
  {
    includeDirs: [folder],
    keepCase: true,
    // Strings: JavaScript's numbers do not represent all 64-bit integers.
    longs: String,
    enums: String,
    // Every field is present, so that decoded messages have one shape.
    defaults: true,
    oneofs: true,
  },
);

export const inferenceService = definitions['inference.GRPCInferenceService'] as ServiceDefinition;
export const healthService = definitions['grpc.health.v1.Health'] as ServiceDefinition;

/** v1 and v1alpha have the same messages. */
export const reflectionServices = [
  definitions['grpc.reflection.v1.ServerReflection'],
  definitions['grpc.reflection.v1alpha.ServerReflection'],
] as readonly ServiceDefinition[];

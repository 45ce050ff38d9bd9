export { GrpcServer } from './grpcServer.ts';
export { defaultLimits } from './options.ts';
export type { CallHooks, GrpcServerLimits, GrpcServerOptions, MethodLimits } from './options.ts';
export { CallError, GrpcStatus, statusName } from './status.ts';
export type { GrpcFailure } from './status.ts';

export type { CallHead } from './call/callHeaders.ts';
export { registerMethods } from './call/definition.ts';
export type {
  Handlers,
  MessageWriter,
  Method,
  MethodDefinition,
  SendUnary,
  ServerCall,
  ServiceDefinition,
  StreamHandler,
  UnaryHandler,
} from './call/definition.ts';
export { failureOf } from './call/grpcCall.ts';
export { compressions, decompress, isCompression } from './call/compression.ts';
export type { Compression } from './call/compression.ts';

export { healthHandlers } from './health.ts';
export { PendingHandshakes, TlsHandshakes } from './tlsHandshakes.ts';

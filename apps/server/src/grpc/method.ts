import type { CallHandler } from './call/callHandler.ts';
import type { GrpcCall } from './call/grpcCall.ts';

/** Takes a call. @param address of its client */
export type Method = (call: GrpcCall, address: string) => CallHandler;

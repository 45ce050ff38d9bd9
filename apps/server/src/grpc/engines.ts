/** Implementations of gRPC: @onda/grpc-server and @grpc/grpc-js. */
export const grpcEngines = ['onda', 'grpc-js'] as const;

export type GrpcEngine = (typeof grpcEngines)[number];

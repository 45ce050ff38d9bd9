import { describeEngine } from '@onda/grpc-server/handler-suite';
import { GrpcJsServer } from './grpcJsServer.ts';

describeEngine({
  name: 'grpc-js',
  create: (options) => new GrpcJsServer(options),
  skip: [
    {
      reason: 'grpc-js answers unknown services itself, without a hook',
      tests: ['says that a service is unknown, and reports the call'],
    },
    {
      reason: 'grpc-js decompresses every message before a handler sees it',
      tests: ['refuses compressed requests of a method that accepts none'],
    },
  ],
});

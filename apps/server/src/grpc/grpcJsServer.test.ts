import { credentials } from '@grpc/grpc-js';
import type { EngineSuite } from '@onda/grpc-server/handler-suite';
import { findOpenssl, makeCertificate } from '@onda/grpc-server/testing';
import { describeEngine } from '@onda/grpc-server/handler-suite';
import { GrpcJsServer } from './grpcJsServer.ts';

const skip: EngineSuite['skip'] = [
  {
    reason: 'grpc-js answers unknown services itself, without a hook',
    tests: ['says that a service is unknown, and reports the call'],
  },
  {
    reason: 'grpc-js decompresses every message before a handler sees it',
    tests: ['refuses compressed requests of a method that accepts none'],
  },
];

describeEngine({ name: 'grpc-js', create: (options) => new GrpcJsServer(options), skip });

if (findOpenssl()) {
  const tls = makeCertificate('grpc-js');
  describeEngine({
    name: 'grpc-js with TLS',
    create: (options) => new GrpcJsServer({ ...options, tls }),
    clientCredentials: credentials.createSsl(Buffer.from(tls.cert)),
    skip,
  });
}

import { GrpcServer } from '../src/grpcServer.ts';
import { describeEngine } from '../src/testing/handlerSuite.ts';

describeEngine({ name: 'GrpcServer', create: (options) => new GrpcServer(options) });

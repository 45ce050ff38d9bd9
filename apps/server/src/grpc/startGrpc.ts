import type { AddressInfo } from 'node:net';
import { listenError, listenOn } from '../listen.ts';
import type { Service } from '../service.ts';
import type { CallContext } from './call/callContext.ts';
import { HeldBytes } from './call/heldBytes.ts';
import { openCalls } from './call/openCall.ts';
import { Http2Server } from './http2/http2Server.ts';
import { methodsOf } from './methods.ts';

export interface GrpcServer {
  /** `127.0.0.1:8001`. */
  readonly address: string;
  /** Answers what it has, and takes no more. */
  close(): Promise<void>;
}

/**
 * `inference.GRPCInferenceService`: the same models, checks and limits as over HTTP.
 *
 * @param port 0: a free one
 * @throws ConfigError for an address that cannot be had
 */
export async function startGrpc(service: Service, host: string, port: number): Promise<GrpcServer> {
  const context: CallContext = {
    service,
    held: new HeldBytes(),
    streams: new Set(),
  };
  const methods = methodsOf(service);
  const server = new Http2Server(
    (socket) => openCalls(context, methods, socket.remoteAddress ?? ''),
    (error) => {
      service.onDefect(error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
  );
  await listenOn(server.socket, host, port).catch((cause: unknown) => {
    throw listenError(cause, host, port, '--grpc-port');
  });
  const bound = (server.socket.address() as AddressInfo).port;
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () => {
      const closed = server.close();
      for (const { finish } of [...context.streams]) finish();
      return closed;
    },
  };
}

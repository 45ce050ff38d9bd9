import type { AddressInfo } from 'node:net';
import type { Access } from '../access/access.ts';
import { listenError, listenOn } from '../listen.ts';
import type { Service } from '../service.ts';
import type { CallContext } from './call/callContext.ts';
import { HeldBytes } from './call/heldBytes.ts';
import type { MessageBounds } from './call/messageBounds.ts';
import { openCalls } from './call/openCall.ts';
import { Http2Server } from './http2/http2Server.ts';
import type { Method } from './method.ts';

/** What a port answers, and whom. */
export interface GrpcPort {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** The option that names the port, and the one of the port that answers the other methods. */
  readonly option: string;
  readonly otherPort: string;
  readonly access: Access;
  readonly bounds: MessageBounds;
  /** By path. */
  readonly methods: ReadonlyMap<string, Method>;
}

export interface GrpcServer {
  /** `127.0.0.1:8001`. */
  readonly address: string;
  /** Answers what it has, and takes no more. */
  close(): Promise<void>;
}

/**
 * Opens a port for gRPC.
 *
 * @throws ConfigError for an address that cannot be had
 */
export async function openGrpcPort(
  service: Service,
  { host, port, option, otherPort, access, bounds, methods }: GrpcPort,
): Promise<GrpcServer> {
  const context: CallContext = {
    service,
    access,
    otherPort,
    held: new HeldBytes(bounds),
    streams: new Set(),
  };
  const server = new Http2Server(
    (socket) => openCalls(context, methods, socket.remoteAddress ?? ''),
    (error) => {
      service.onDefect(error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
  );
  access.connections?.bound(server.socket);
  await listenOn(server.socket, host, port).catch((cause: unknown) => {
    throw listenError(cause, host, port, option);
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

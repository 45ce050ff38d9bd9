import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { SharedByteBudget } from '@onda/contract';
import { httpStatusBlock, maybeHttpStatus, readCallParameters } from './call/callHeaders.ts';
import type { CallHead, CallParameters } from './call/callHeaders.ts';
import { registerMethods } from './call/definition.ts';
import type { Handlers, Method, ServiceDefinition } from './call/definition.ts';
import { GrpcCall } from './call/grpcCall.ts';
import type { CallShared } from './call/grpcCall.ts';
import { Http2Connection } from './http2/connection.ts';
import type { ConnectionOptions } from './http2/connection.ts';
import type { RequestHead } from './http2/headers.ts';
import type { Http2Stream, StreamReceiver } from './http2/stream.ts';
import type { OnRequest } from './http2/streamTable.ts';
import { defaultLimits } from './options.ts';
import type { CallHooks, GrpcServerOptions, MethodLimits } from './options.ts';
import type { SecureContextOptions } from 'node:tls';
import { CallError, GrpcStatus } from './status.ts';
import { TlsHandshakes } from './tlsHandshakes.ts';

/** Interval in which connections are checked for timeouts, milliseconds. */
const CHECK_INTERVAL_MS = 500;

/**
 * A gRPC server over HTTP/2, with TLS if `tls` is given.
 *
 * @example
 *   const server = new GrpcServer({ onCall: () => undefined });
 *   server.addService(definition.Greeter, {
 *     SayHello: (call, callback) => callback(null, { message: `Hello ${call.request.name}` }),
 *   });
 *   const { port } = await server.listen(50051, '127.0.0.1');
 */
export class GrpcServer<Context> {
  readonly #hooks: CallHooks<Context>;
  readonly #shared: CallShared<Context>;
  readonly #connectionOptions: Omit<ConnectionOptions, 'onRequest'>;
  readonly #messageSizeHint: string;
  readonly #methods = new Map<string, Method>();
  readonly #connections = new Set<Http2Connection>();
  readonly #server: Server;
  readonly #handshakes: TlsHandshakes | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(options: GrpcServerOptions<Context>) {
    const limits = { ...defaultLimits, ...options };
    const budget = options.budget ?? new SharedByteBudget(limits.maxHeldBytes);
    this.#hooks = options;
    this.#shared = {
      hooks: options,
      budget,
      messageTimeoutMs: limits.messageTimeoutMs,
      streamingCalls: new Set(),
    };
    this.#connectionOptions = { limits, budget, onDefect: (error) => options.onDefect?.(error) };
    this.#messageSizeHint = options.messageSizeHint ?? 'send smaller messages';
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      this.#onConnection(socket);
    });
    this.#server.maxConnections = limits.maxConnections;
    this.#handshakes =
      options.tls &&
      new TlsHandshakes(options.tls, limits.headerTimeoutMs, (socket) => {
        this.#serve(socket);
      });
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const connection of this.#connections) connection.checkTime(now);
    }, CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  /**
   * Registers the handlers of a service; a method without handler is UNIMPLEMENTED.
   *
   * @param definition as proto-loader makes it
   * @param methodLimits by method name
   */
  addService(
    definition: ServiceDefinition,
    handlers: Handlers,
    methodLimits: Readonly<Record<string, MethodLimits>> = {},
  ): void {
    const defaults = {
      maxMessageBytes: this.#connectionOptions.limits.maxMessageBytes,
      messageSizeHint: this.#messageSizeHint,
    };
    for (const [path, method] of registerMethods(definition, handlers, methodLimits, defaults)) {
      this.#methods.set(path, method);
    }
  }

  /** @param port 0: a free one */
  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  /** Replaces the certificate and key, for the connections from now on. */
  setSecureContext(context: SecureContextOptions): void {
    this.#handshakes?.setSecureContext(context);
  }

  /** Refuses new connections and calls, and completes the open calls. Handlers of streams see `end`. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        clearInterval(this.#timer);
        resolve();
      });
      this.#handshakes?.destroyPending();
      for (const connection of this.#connections) connection.drain();
      for (const call of [...this.#shared.streamingCalls]) call.closeInput();
    });
  }

  #onConnection(socket: Socket): void {
    if (this.#hooks.acceptConnection?.(socket) === false) {
      socket.destroy();
      return;
    }
    if (this.#handshakes) this.#handshakes.begin(socket);
    else this.#serve(socket);
  }

  /** @param socket with TLS, if the server has it */
  #serve(socket: Socket): void {
    const onRequest = this.#requestHandler(socket.remoteAddress ?? '');
    const connection = new Http2Connection(socket, { ...this.#connectionOptions, onRequest });
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }

  /** Opens the calls of one connection. What a head says is read once for all calls that repeat it. */
  #requestHandler(address: string): OnRequest {
    const heads = new WeakMap<RequestHead, { head: CallHead; parameters?: CallParameters }>();
    return (stream, request) => {
      let cached = heads.get(request);
      if (cached === undefined) {
        const httpStatus = maybeHttpStatus(request);
        if (httpStatus !== undefined) return refuse(stream, httpStatus);
        cached = { head: { path: request.path, address, metadata: request.fields } };
        heads.set(request, cached);
      }
      const { head } = cached;
      const context = this.#hooks.onCall(head);
      const call = new GrpcCall(stream, this.#shared, head, context);
      try {
        cached.parameters ??= readCallParameters(head.metadata);
        const method = this.#methods.get(head.path);
        if (method === undefined) throw this.#unimplemented(head.path);
        this.#hooks.authorize?.(head, context);
        call.begin(method, cached.parameters);
      } catch (error) {
        call.destroy(error);
      }
      return call;
    };
  }

  #unimplemented(path: string): CallError {
    const reason = this.#hooks.unimplemented?.(path) ?? 'the server does not implement this method';
    return new CallError(GrpcStatus.UNIMPLEMENTED, `${path.slice(0, 200)}: ${reason}`);
  }
}

/** Answers a request that is not a gRPC call with an HTTP status, and discards its body. */
function refuse(stream: Http2Stream, status: number): StreamReceiver {
  stream.sendHead(httpStatusBlock(status), true);
  return {
    onData: (bytes) => {
      stream.consumed(bytes.length);
    },
    onCancel: () => undefined,
    onDrain: () => undefined,
    onTick: () => undefined,
  };
}

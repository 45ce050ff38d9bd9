import { createServer } from 'node:net';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { Metadata, Server, ServerCredentials, status as Status } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  CallError,
  defaultLimits,
  failureOf,
  GrpcStatus,
  registerMethods,
  statusName,
  TlsHandshakes,
} from '@onda/grpc-server';
import type {
  CallHooks,
  GrpcServerOptions,
  Handlers,
  MessageWriter,
  Method,
  MethodLimits,
  SendUnary,
  ServerCall,
  ServiceDefinition,
} from '@onda/grpc-server';

type GrpcCall = ServerUnaryCall<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/**
 * The interface of @onda/grpc-server's GrpcServer on `@grpc/grpc-js`, for operators who prefer the reference implementation. Limits of
 * HTTP/2 and the byte budget are those of grpc-js and Node; `acceptConnection` is called with TLS only.
 */
export class GrpcJsServer<Context> {
  readonly #options: GrpcServerOptions<Context>;
  readonly #limits: typeof defaultLimits;
  readonly #server: Server;
  readonly #streamingCalls = new Set<GrpcJsCall<Context>>();
  /** Accepts the connections with TLS; grpc-js accepts those without. */
  #tlsPort: { readonly server: TcpServer; readonly handshakes: TlsHandshakes } | undefined;

  constructor(options: GrpcServerOptions<Context>) {
    const limits = { ...defaultLimits, ...options };
    this.#options = options;
    this.#limits = limits;
    this.#server = new Server({
      'grpc.max_receive_message_length': limits.maxMessageBytes,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': limits.maxStreams,
      'grpc.max_connection_idle_ms': limits.idleTimeoutMs,
      'grpc.keepalive_time_ms': limits.pingAfterMs,
      'grpc.keepalive_timeout_ms': limits.pingTimeoutMs,
    });
  }

  addService(
    definition: ServiceDefinition,
    handlers: Handlers,
    methodLimits: Readonly<Record<string, MethodLimits>> = {},
  ): void {
    const methods = registerMethods(definition, handlers, methodLimits, {
      maxMessageBytes: this.#limits.maxMessageBytes,
      messageSizeHint: this.#options.messageSizeHint ?? 'send smaller messages',
    });
    const implementation: UntypedServiceImplementation = {};
    for (const [name, { path }] of Object.entries(definition)) {
      const method = methods.get(path);
      implementation[name] = (call: GrpcCall, callback?: sendUnaryData<Buffer>) => {
        this.#handle(path, method, call, callback);
      };
    }
    this.#server.addService(
      Object.fromEntries(
        Object.entries(definition).map(([name, method]) => [name, { ...method, ...rawCodec }]),
      ),
      implementation,
    );
  }

  /** @param port 0: a free one */
  listen(port: number, host: string): Promise<{ port: number }> {
    const { tls } = this.#options;
    if (tls !== undefined) return this.#listenSecure(tls, port, host);
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(withSystemCode(error));
        else resolve({ port: bound });
      });
    });
  }

  /** Handshakes have a time limit that grpc-js does not offer. */
  #listenSecure(tls: SecureContextOptions, port: number, host: string): Promise<{ port: number }> {
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const handshakes = new TlsHandshakes(tls, this.#limits.headerTimeoutMs, (socket) => {
      injector.injectConnection(socket);
    });
    const server = createServer({ noDelay: true }, (socket) => {
      if (this.#options.acceptConnection?.(socket) === false) socket.destroy();
      else handshakes.begin(socket);
    });
    server.maxConnections = this.#limits.maxConnections;
    this.#tlsPort = { server, handshakes };
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve({ port: (server.address() as AddressInfo).port });
      });
    });
  }

  /** Replaces the certificate and key, for the connections from now on. */
  setSecureContext(context: SecureContextOptions): void {
    this.#tlsPort?.handshakes.setSecureContext(context);
  }

  async close(): Promise<void> {
    for (const call of [...this.#streamingCalls]) call.closeInput();
    const port = this.#tlsPort;
    const closed = port && new Promise((resolve) => port.server.close(resolve));
    port?.handshakes.destroyPending();
    await new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => {
        resolve();
      });
    });
    await closed;
  }

  #handle(
    path: string,
    method: Method | undefined,
    grpcCall: GrpcCall,
    callback?: sendUnaryData<Buffer>,
  ): void {
    const head = {
      path,
      address: grpcCall.getPeer().replace(/:\d+$/, ''),
      metadata: new Map(
        Object.entries(grpcCall.metadata.getMap()).map(([name, value]) => [name, String(value)]),
      ),
    };
    const context = this.#options.onCall(head);
    const call = new GrpcJsCall(grpcCall, callback, method, this.#options, context, () => {
      this.#streamingCalls.delete(call);
    });
    try {
      if (method === undefined) {
        const reason = this.#options.unimplemented?.(path) ?? 'the server does not implement this method';
        throw new CallError(GrpcStatus.UNIMPLEMENTED, `${path}: ${reason}`);
      }
      this.#options.authorize?.(head, context);
      if (method.requestStream || method.responseStream) this.#streamingCalls.add(call);
      call.begin(method);
    } catch (error) {
      call.destroy(error);
    }
  }
}

/** Messages stay bytes in grpc-js: its own errors of decoding have another status. */
const rawCodec = {
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};

function identity(bytes: Buffer): Buffer {
  return bytes;
}

/** A call of grpc-js as handlers of @onda/grpc-server see it: errors thrown by listeners end the call, not the process. */
class GrpcJsCall<Context> implements ServerCall<unknown, unknown, Context> {
  request: unknown;
  readonly context: Context;
  readonly #call: GrpcCall;
  readonly #callback: sendUnaryData<Buffer> | undefined;
  readonly #method: Method | undefined;
  readonly #hooks: CallHooks<Context>;
  readonly #onEnded: () => void;
  #isEnded = false;
  #endListener: (() => void) | undefined;

  constructor(
    call: GrpcCall,
    callback: sendUnaryData<Buffer> | undefined,
    method: Method | undefined,
    hooks: CallHooks<Context>,
    context: Context,
    onEnded: () => void,
  ) {
    this.#call = call;
    this.#callback = callback;
    this.#method = method;
    this.#hooks = hooks;
    this.context = context;
    this.#onEnded = onEnded;
    call.on('cancelled', () => {
      this.#finish(GrpcStatus.CANCELLED);
    });
  }

  begin(method: Method): void {
    if (!method.requestStream) {
      this.request = method.requestDeserialize((this.#call as ServerUnaryCall<Buffer, Buffer>).request);
    }
    method.handler(this, this.#respond);
  }

  closeInput(): void {
    const listener = this.#endListener;
    this.#endListener = undefined;
    listener?.();
  }

  get cancelled(): boolean {
    return this.#isEnded || this.#call.cancelled;
  }

  get writableNeedDrain(): boolean {
    return this.#stream.writableNeedDrain;
  }

  get #stream(): ServerDuplexStream<Buffer, Buffer> {
    return this.#call as ServerDuplexStream<Buffer, Buffer>;
  }

  on(event: 'data' | 'end' | 'drain' | 'cancelled', listener: (message: never) => void): this {
    if (event === 'data') {
      this.#stream.on('data', (bytes: Buffer) => {
        if (this.cancelled) return;
        try {
          listener((this.#method as Method).requestDeserialize(bytes) as never);
        } catch (error) {
          this.destroy(error);
        }
      });
    } else if (event === 'end') {
      this.#endListener = listener as () => void;
      this.#call.on('end', () => {
        this.closeInput();
      });
    } else {
      this.#call.on(event, listener as () => void);
    }
    return this;
  }

  write(message: unknown): boolean {
    if (this.cancelled) return false;
    try {
      return this.#stream.write(bytesOf((this.#method as Method).responseSerialize(message as never)));
    } catch (error) {
      this.destroy(error);
      return false;
    }
  }

  end(): void {
    if (this.cancelled) return;
    this.#finish(GrpcStatus.OK);
    this.#stream.end();
  }

  destroy(error: unknown): void {
    if (this.cancelled) return;
    const { code, details, metadata = {} } = failureOf(error, this.#hooks);
    this.#finish(code);
    const trailers = new Metadata();
    for (const [name, value] of Object.entries(metadata)) trailers.set(name, value);
    const status = Object.assign(new Error(details), {
      code: Status[statusName(code) as keyof typeof Status],
      details,
      metadata: trailers,
    });
    if (this.#callback) this.#callback(status);
    else this.#stream.emit('error', status);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  readonly #respond: SendUnary = (error, response) => {
    if (this.cancelled) return;
    if (error !== null && error !== undefined) {
      this.destroy(error);
      return;
    }
    try {
      const bytes = bytesOf((this.#method as Method).responseSerialize(response as never));
      this.#finish(GrpcStatus.OK);
      this.#callback?.(null, bytes);
    } catch (cause) {
      this.destroy(cause);
    }
  };

  #finish(code: GrpcStatus): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnded();
    this.#hooks.onCallEnd?.(this.context, code);
  }
}

function bytesOf(message: Buffer | MessageWriter): Buffer {
  if (message instanceof Uint8Array) return message;
  const bytes = Buffer.allocUnsafe(message.size);
  message.write(bytes, 0);
  return bytes;
}

/** grpc-js names the system error only in its message. */
function withSystemCode(error: Error): Error {
  const [code] = /\bE[A-Z]{4,}\b/.exec(error.message) ?? [];
  return code === undefined ? error : Object.assign(error, { code });
}

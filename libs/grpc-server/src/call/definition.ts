import type { MethodLimits } from '../options.ts';
import { CallError, GrpcStatus } from '../status.ts';

/** Bounds of a message. */
export interface MessageSizeLimit {
  readonly maxMessageBytes: number;
  /** What to do about a message that is too large, for the error message. */
  readonly messageSizeHint: string;
}

/** A message that is written directly to its place: its size is known first. */
export interface MessageWriter {
  /** Bytes. */
  readonly size: number;
  write(target: Uint8Array, offset: number): void;
}

/**
 * A method, as proto-loader describes it. `responseSerialize` may return a writer instead of bytes, which saves a copy.
 */
export interface MethodDefinition {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** @param bytes may be a view on a read buffer that later messages share; copy what outlives the call */
  requestDeserialize(bytes: Buffer): unknown;
  responseSerialize(response: never): Buffer | MessageWriter;
}

/** Methods by name, as proto-loader's ServiceDefinition. */
export type ServiceDefinition = Readonly<Record<string, MethodDefinition>>;

/** A call, as handlers see it: the part of grpc-js' server calls that both engines implement. */
export interface ServerCall<Request = unknown, Response = unknown, Context = unknown> {
  /** The message of a call without request stream. */
  readonly request: Request;
  /** What the hook `onCall` returned. */
  readonly context: Context;
  /** Whether the call has ended: the client cancelled or disconnected, the deadline passed, or the response is complete. */
  readonly cancelled: boolean;
  /** Whether the client reads slower than the handler writes; `drain` follows. */
  readonly writableNeedDrain: boolean;
  on(event: 'data', listener: (message: Request) => void): this;
  /** `cancelled`: the client cancelled or disconnected, or the deadline passed. */
  on(event: 'end' | 'drain' | 'cancelled', listener: () => void): this;
  /** @returns whether the client keeps up */
  write(message: Response): boolean;
  end(): void;
  /** Ends the call with the status of an error. */
  destroy(error: unknown): void;
  /** Stops `data` events, and in time the client. */
  pause(): void;
  resume(): void;
}

/** Ends a call that has one response. */
export type SendUnary<Response = unknown> = (error: unknown, response?: Response) => void;

/** Handler of a method without response stream. */
export type UnaryHandler<Request = unknown, Response = unknown, Context = unknown> = (
  call: ServerCall<Request, Response, Context>,
  callback: SendUnary<Response>,
) => void;

/** Handler of a method with response stream. */
export type StreamHandler<Request = unknown, Response = unknown, Context = unknown> = (
  call: ServerCall<Request, Response, Context>,
) => void;

/** Handlers by method name. The types of their calls follow from the definition, which TypeScript cannot check here. */
export type Handlers = Readonly<Record<string, (call: never, callback: never) => void>>;

/** A method as a server has registered it. */
export interface Method extends MethodDefinition, MessageSizeLimit {
  readonly acceptsCompression: boolean;
  readonly handler: (call: ServerCall, callback: SendUnary) => void;
}

/**
 * Joins a service's methods with their handlers.
 *
 * @param limits by method name
 * @returns methods with a handler, by path
 */
export function registerMethods(
  definition: ServiceDefinition,
  handlers: Handlers,
  limits: Readonly<Record<string, MethodLimits>>,
  defaults: MessageSizeLimit,
): Map<string, Method> {
  const methods = new Map<string, Method>();
  for (const [name, method] of Object.entries(definition)) {
    if (!Object.hasOwn(handlers, name)) continue;
    const limit = { ...defaults, acceptsCompression: true, ...limits[name] };
    methods.set(method.path, {
      ...limit,
      path: method.path,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      requestDeserialize: (bytes) => {
        if (bytes.length > limit.maxMessageBytes) throw messageTooLarge(limit, String(bytes.length));
        return deserialize(method, bytes);
      },
      responseSerialize: method.responseSerialize.bind(method),
      handler: handlers[name] as unknown as Method['handler'],
    });
  }
  return methods;
}

function deserialize(method: MethodDefinition, bytes: Buffer): unknown {
  try {
    return method.requestDeserialize(bytes);
  } catch (error) {
    if (error instanceof CallError) throw error;
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `the request of ${method.path.slice(1)} cannot be decoded; send the message that its .proto file describes`,
    );
  }
}

/** @param got number of bytes, or `more` */
export function messageTooLarge(
  { maxMessageBytes, messageSizeHint }: MessageSizeLimit,
  got: string,
): CallError {
  return new CallError(
    GrpcStatus.RESOURCE_EXHAUSTED,
    `message: expected at most ${maxMessageBytes} bytes, got ${got}; ${messageSizeHint}`,
  );
}

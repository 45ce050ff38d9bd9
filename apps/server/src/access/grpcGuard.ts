import { Metadata, status, ServerInterceptingCall, ServerListenerBuilder } from '@grpc/grpc-js';
import type { ServerInterceptingCallInterface, ServerInterceptor, StatusObject } from '@grpc/grpc-js';
import { maybeGrpcError } from '../grpc/grpcErrors.ts';
import type { Access, Admitted } from './access.ts';
import { AccessError } from './accessError.ts';

/** As over HTTP, nobody has to say who he is to ask these. */
const probes: readonly string[] = [
  '/grpc.health.v1.Health/Check',
  '/inference.GRPCInferenceService/ServerLive',
  '/inference.GRPCInferenceService/ServerReady',
];

const clients = new WeakMap<Metadata, string>();

/** The name of a call's client; undefined where nobody is asked. */
export function grpcClientOf({ metadata }: { metadata: Metadata }): string | undefined {
  return clients.get(metadata);
}

/**
 * Stands before every gRPC method, as `guard` does before HTTP's routes. A stream counts as one request under way, and each of
 * its messages as one sent: it is read no faster than its client may send.
 */
export function grpcGuard(access: Access): ServerInterceptor {
  return ({ path, requestStream }, call) => {
    if (!access.asks || probes.includes(path)) return new ServerInterceptingCall(call);
    const address = call.getPeer().replace(/:[0-9]+$/, '');
    const guarded = new GuardedCall(access, call, address);
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        if (guarded.enter(metadata)) next(metadata);
      })
      .withOnReceiveMessage((message: unknown, next) => {
        const wait = requestStream ? guarded.delayMs() : 0;
        if (wait > 0) setTimeout(next, wait, message);
        else if (!guarded.refused) next(message);
      })
      .withOnReceiveHalfClose((next) => {
        if (!guarded.refused) next();
      })
      .withOnCancel(() => {
        guarded.leave();
      })
      .build();
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next(listener);
      },
      sendStatus: (status, next) => {
        guarded.leave();
        next(status);
      },
    });
  };
}

/** One call on its way in and out. */
class GuardedCall {
  refused = false;
  readonly #access: Access;
  readonly #call: ServerInterceptingCallInterface;
  readonly #address: string;
  #admitted: Admitted | undefined;
  #messages = 0;

  constructor(access: Access, call: ServerInterceptingCallInterface, address: string) {
    this.#access = access;
    this.#call = call;
    this.#address = address;
  }

  /** @returns whether it is let in; where not, its client has been told */
  enter(metadata: Metadata): boolean {
    try {
      this.#admitted = this.#access.admit(metadata.get('authorization').at(0)?.toString(), this.#address);
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      this.refused = true;
      this.#access.countRefusal(error);
      this.#call.sendStatus(refusal(error));
      return false;
    }
    const { client } = this.#admitted;
    if (client !== undefined) clients.set(metadata, client);
    return true;
  }

  /** The first message was counted with the call. */
  delayMs(): number {
    if (this.#messages++ === 0) return 0;
    return this.#access.delayMs(this.#admitted?.client, this.#address);
  }

  leave(): void {
    this.#admitted?.leave();
    this.#admitted = undefined;
  }
}

function refusal(error: AccessError): StatusObject {
  const metadata = new Metadata();
  for (const name in error.headers) metadata.set(name, error.headers[name]);
  return { code: status.PERMISSION_DENIED, details: error.message, ...maybeGrpcError(error), metadata };
}

import type { RequestHead } from '../http2/requestHead.ts';
import { CallError } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';
import { isEncoding } from './unpack.ts';
import type { Encoding } from './unpack.ts';

/** What a call's fields say of how to treat it. */
export interface CallHead {
  /** Of its messages that are compressed. */
  readonly encoding: Encoding;
  /** How long its client waits, milliseconds. */
  readonly timeoutMs: number | undefined;
}

const unitsMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** The longest time that timers take, milliseconds: 24 days. */
const MOST_MS = 0x7fff_ffff;

/** `application/grpc`, with protobuf or unsaid, and parameters. */
const contentType = /^application\/grpc(?:\+proto)?(?:[; ].*)?$/;

/** The HTTP status for a request that is no call; undefined for a call. */
export function maybeHttpStatus({ method, fields, tooLarge }: RequestHead): number | undefined {
  if (tooLarge) return 431;
  if (method !== 'POST') return 405;
  return contentType.test(fields.get('content-type') ?? '') ? undefined : 415;
}

/** @throws CallError */
export function readCallHead({ fields }: RequestHead): CallHead {
  const encoding = fields.get('grpc-encoding') ?? 'identity';
  if (!isEncoding(encoding)) {
    throw new CallError(
      GrpcStatus.UNIMPLEMENTED,
      `grpc-encoding: expected gzip, deflate or identity, got ${JSON.stringify(encoding.slice(0, 32))}; use one of them`,
    );
  }
  return { encoding, timeoutMs: readTimeout(fields.get('grpc-timeout')) };
}

function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(text);
  if (match === null) {
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `grpc-timeout: expected up to 8 digits and one of H, M, S, m, u, n, got ${JSON.stringify(text.slice(0, 32))}; correct it`,
    );
  }
  return Math.min(Math.ceil(Number(match[1]) * unitsMs[match[2]]), MOST_MS);
}

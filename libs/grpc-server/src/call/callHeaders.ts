import { encodeLiteralFields } from '../http2/hpack.ts';
import type { HeaderField } from '../http2/hpackTables.ts';
import type { RequestHead } from '../http2/headers.ts';
import { CallError, GrpcStatus } from '../status.ts';
import type { GrpcFailure } from '../status.ts';
import { compressions, isCompression } from './compression.ts';
import type { Compression } from './compression.ts';

/** What is known of a call before its first message. */
export interface CallHead {
  /** `/package.Service/Method` */
  readonly path: string;
  /** Remote IP address. */
  readonly address: string;
  /** Request metadata: values by lower-case name; repeated keys are joined with commas. */
  readonly metadata: ReadonlyMap<string, string>;
}

export type MessageEncoding = Compression | 'identity';

/** Call parameters among the request's fields. */
export interface CallParameters {
  readonly encoding: MessageEncoding;
  /** Deadline, milliseconds from the start of the call. */
  readonly timeoutMs: number | undefined;
}

const timeoutUnitsMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Longest delay of a timer, milliseconds: 24 days. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** `application/grpc`, optionally `+proto`, with parameters. */
const contentType = /^application\/grpc(?:\+proto)?(?:[; ].*)?$/;

/** HTTP status for a request that is not a gRPC call; undefined for a call. */
export function maybeHttpStatus({ method, fields, tooLarge }: RequestHead): number | undefined {
  if (tooLarge) return 431;
  if (method !== 'POST') return 405;
  return contentType.test(fields.get('content-type') ?? '') ? undefined : 415;
}

/** @throws CallError */
export function readCallParameters(metadata: ReadonlyMap<string, string>): CallParameters {
  const encoding = metadata.get('grpc-encoding') ?? 'identity';
  if (encoding !== 'identity' && !isCompression(encoding)) {
    throw new CallError(
      GrpcStatus.UNIMPLEMENTED,
      `grpc-encoding: expected gzip, deflate or identity, got ${JSON.stringify(encoding.slice(0, 32))}; use one of them`,
    );
  }
  return { encoding, timeoutMs: readTimeout(metadata.get('grpc-timeout')) };
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
  return Math.min(Math.ceil(Number(match[1]) * timeoutUnitsMs[match[2]]), MAX_TIMEOUT_MS);
}

const responseFields: readonly HeaderField[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

/** Header block before the messages of a response. */
export const responseHead = encodeLiteralFields(responseFields);

/** Trailers of a successful call. */
export const okTrailers = encodeLiteralFields([['grpc-status', String(GrpcStatus.OK)]]);

/** @param headSent whether `responseHead` was sent; if not, the block is a trailers-only response */
export function failureTrailers({ code, details, metadata = {} }: GrpcFailure, headSent: boolean): Buffer {
  return encodeLiteralFields([
    ...(headSent ? [] : responseFields),
    ['grpc-status', String(code)],
    ['grpc-message', percentEncode(details)],
    ...(code === GrpcStatus.UNIMPLEMENTED ? [acceptedEncodings] : []),
    ...Object.entries(metadata).map(([name, value]): HeaderField => [name.toLowerCase(), value]),
  ]);
}

const acceptedEncodings: HeaderField = ['grpc-accept-encoding', ['identity', ...compressions].join(',')];

/** Response to a request that is not a gRPC call. */
export function httpStatusBlock(status: number): Buffer {
  return encodeLiteralFields([[':status', String(status)]]);
}

/** Characters of a status message that are sent; clients limit their header lists, to 8 KiB and more. */
const MAX_MESSAGE_CHARACTERS = 2048;

/** Everything but printable ASCII, and the percent sign itself. */
const encodedCharacters = /[^ -$&-~]/gu;

/** The form of `grpc-message`: UTF-8, other than printable ASCII percent-encoded. */
function percentEncode(text: string): string {
  return (
    text
      .slice(0, MAX_MESSAGE_CHARACTERS)
      // encodeURIComponent throws on a lone surrogate, which the slice may have produced.
      .replace(/\p{Cs}/gu, '?')
      .replace(encodedCharacters, encodeURIComponent)
  );
}

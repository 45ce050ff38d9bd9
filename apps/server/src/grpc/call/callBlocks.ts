import type { GrpcFailure } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';
import { literalFields } from '../http2/hpack/literalFields.ts';
import type { HeaderField } from '../http2/hpack/staticTable.ts';
import { percentText } from './percentText.ts';

const headFields: readonly HeaderField[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

/** Before the messages of an answer. */
export const answerHead = literalFields(headFields);

/** Behind them, when all went well. */
export const okTrailers = literalFields([['grpc-status', String(GrpcStatus.OK)]]);

/**
 * The end of a call that failed.
 *
 * @param begun whether the answer's head is out already
 * @param more  fields beside: `retry-after` and such
 */
export function failureBlock(
  { code, details }: GrpcFailure,
  begun: boolean,
  more: Readonly<Record<string, string>> = {},
): Buffer {
  return literalFields([
    ...(begun ? [] : headFields),
    ['grpc-status', String(code)],
    ['grpc-message', percentText(details)],
    ...Object.entries(more).map(([name, value]): HeaderField => [name.toLowerCase(), value]),
  ]);
}

/** An answer to what is HTTP/2, but no call. */
export function httpBlock(status: number): Buffer {
  return literalFields([[':status', String(status)]]);
}

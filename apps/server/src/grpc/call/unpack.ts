import { isPacking, packings, unpackBytes } from '../../unpackBytes.ts';
import type { Packing } from '../../unpackBytes.ts';
import { CallError } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';
import type { MessageBounds } from './messageBounds.ts';

/** How messages may be compressed. */
export type Encoding = Packing | 'identity';

/** What a client is told that we take. */
export const acceptedEncodings = ['identity', ...packings].join(',');

export function isEncoding(name: string): name is Encoding {
  return name === 'identity' || isPacking(name);
}

/**
 * Unpacks a message that came compressed; no further than a message may be large.
 *
 * @throws CallError for bytes that are not what they are said to be, and for more than a message may have
 */
export async function unpack(bytes: Buffer, encoding: Encoding, bounds: MessageBounds): Promise<Buffer> {
  if (encoding === 'identity') {
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      'a message: expected none compressed without grpc-encoding, got one; name the encoding',
    );
  }
  const unpacked = await unpackBytes(bytes, encoding, bounds.messageBytes);
  if (unpacked === 'more') throw messageTooLarge(bounds, 'more');
  if (unpacked === 'others') {
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `a message: expected bytes of ${encoding}, got others; compress it or leave grpc-encoding out`,
    );
  }
  return unpacked;
}

/** @param got how many bytes */
export function messageTooLarge({ messageBytes, remedy }: MessageBounds, got: string): CallError {
  return new CallError(
    GrpcStatus.RESOURCE_EXHAUSTED,
    `a message: expected at most ${messageBytes} bytes, got ${got}; ${remedy}`,
  );
}

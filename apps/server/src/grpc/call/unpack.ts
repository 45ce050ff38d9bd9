import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { CallError } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';
import type { MessageBounds } from './messageBounds.ts';

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** How messages may be compressed. */
export type Encoding = keyof typeof unpackers | 'identity';

/** What a client is told that we take. */
export const acceptedEncodings = ['identity', ...Object.keys(unpackers)].join(',');

export function isEncoding(name: string): name is Encoding {
  return name === 'identity' || Object.hasOwn(unpackers, name);
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
  try {
    return await unpackers[encoding](bytes, { maxOutputLength: bounds.messageBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw messageTooLarge(bounds, 'more');
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `a message: expected bytes of ${encoding}, got others; compress it or leave grpc-encoding out`,
    );
  }
}

/** @param got how many bytes */
export function messageTooLarge({ messageBytes, remedy }: MessageBounds, got: string): CallError {
  return new CallError(
    GrpcStatus.RESOURCE_EXHAUSTED,
    `a message: expected at most ${messageBytes} bytes, got ${got}; ${remedy}`,
  );
}

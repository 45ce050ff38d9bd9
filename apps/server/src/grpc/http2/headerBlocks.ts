import { ErrorCode } from './errorCodes.ts';
import { Flag, FrameType } from './frames.ts';
import type { Frame } from './frames.ts';
import { http2Limits } from './http2Limits.ts';
import { broken, ConnectionError } from './http2Errors.ts';

/** A whole header block. */
export interface HeaderBlock {
  readonly stream: number;
  readonly endStream: boolean;
  /** A view that must not be kept. */
  readonly bytes: Buffer;
  /** It depends on itself, which a stream may not; told once the block is read, since the table needs it. */
  readonly ownParent: boolean;
}

/** Puts together what HEADERS begins and CONTINUATION goes on with; nothing may come between. */
export class HeaderBlocks {
  #begun: Omit<HeaderBlock, 'bytes'> | undefined;
  #parts: Buffer[] = [];
  #size = 0;

  /** Whether a block is begun: no other frame may come then. */
  get open(): boolean {
    return this.#begun !== undefined;
  }

  /**
   * @param frame HEADERS or CONTINUATION
   * @returns the block once it is whole
   * @throws ConnectionError
   */
  take(frame: Frame): HeaderBlock | undefined {
    const { type, flags, stream } = frame;
    if (type === FrameType.HEADERS) {
      const start = unpadded(frame);
      const prioritized = (flags & Flag.PRIORITY) !== 0;
      if (prioritized && start.length < 5)
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS too short');
      const block = {
        stream,
        endStream: (flags & Flag.END_STREAM) !== 0,
        ownParent: prioritized && (start.readUInt32BE(0) & 0x7fff_ffff) === stream,
        bytes: prioritized ? start.subarray(5) : start,
      };
      if ((flags & Flag.END_HEADERS) !== 0) return block;
      this.#begun = block;
      this.#add(block.bytes);
      return undefined;
    }
    if (this.#begun?.stream !== stream) {
      throw broken('CONTINUATION of no header block');
    }
    this.#add(frame.payload);
    if ((flags & Flag.END_HEADERS) === 0) return undefined;
    const block = { ...this.#begun, bytes: Buffer.concat(this.#parts) };
    this.#begun = undefined;
    this.#parts = [];
    this.#size = 0;
    return block;
  }

  #add(part: Buffer): void {
    this.#size += part.length;
    // A copy: the view's memory is that of all that was read with it.
    this.#parts.push(Buffer.from(part));
    if (this.#size > http2Limits.blockBytes || this.#parts.length > http2Limits.blockFrames) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `a header block of more than ${http2Limits.blockBytes} bytes or ${http2Limits.blockFrames} frames`,
      );
    }
  }
}

/**
 * The payload of DATA or HEADERS without its padding.
 *
 * @throws ConnectionError for padding longer than the frame
 */
export function unpadded({ flags, payload }: Frame): Buffer {
  if ((flags & Flag.PADDED) === 0) return payload;
  const end = payload.length - (payload.at(0) ?? 0);
  if (end < 1) throw broken('padding as long as its frame');
  return payload.subarray(1, end);
}

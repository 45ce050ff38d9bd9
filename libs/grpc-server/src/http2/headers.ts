import {
  ConnectionError,
  ErrorCode,
  Flag,
  FrameType,
  MAX_INT31,
  protocolError,
  StreamError,
  withoutPadding,
} from './frames.ts';
import type { Frame } from './frames.ts';
import type { HeaderList } from './hpack.ts';

const PRIORITY_BYTES = 5;

export interface HeaderBlock {
  readonly stream: number;
  readonly endStream: boolean;
  /** A view on the socket's read buffer, if the block arrived in one frame. */
  readonly bytes: Buffer;
  /** The stream depends on itself: a stream error, reported after decoding, since the block changes the header table. */
  readonly selfDependent: boolean;
}

/** Bounds of a header block that arrives in several frames. */
export interface HeaderBlockLimits {
  readonly maxHeaderBlockBytes: number;
  readonly maxHeaderBlockFrames: number;
}

/** Joins HEADERS and its CONTINUATION frames; no other frame may come between them. */
export class HeaderBlockAssembler {
  readonly #limits: HeaderBlockLimits;
  #pending: Omit<HeaderBlock, 'bytes'> | undefined;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(limits: HeaderBlockLimits) {
    this.#limits = limits;
  }

  /** Whether a block is incomplete, so that only CONTINUATION may follow. */
  get isOpen(): boolean {
    return this.#pending !== undefined;
  }

  /**
   * @param frame HEADERS or CONTINUATION
   * @returns the block once it is complete
   * @throws ConnectionError
   */
  add(frame: Frame): HeaderBlock | undefined {
    const { type, flags, stream } = frame;
    if (stream === 0) throw protocolError('a header block on stream 0');
    if (type === FrameType.HEADERS) {
      const payload = withoutPadding(frame);
      const hasPriority = (flags & Flag.PRIORITY) !== 0;
      if (hasPriority && payload.length < PRIORITY_BYTES) {
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS is too short for its priority');
      }
      const block = {
        stream,
        endStream: (flags & Flag.END_STREAM) !== 0,
        selfDependent: hasPriority && (payload.readUInt32BE(0) & MAX_INT31) === stream,
        bytes: hasPriority ? payload.subarray(PRIORITY_BYTES) : payload,
      };
      if ((flags & Flag.END_HEADERS) !== 0) return block;
      this.#pending = block;
      this.#append(block.bytes);
      return undefined;
    }
    if (this.#pending?.stream !== stream) throw protocolError('CONTINUATION without HEADERS');
    this.#append(frame.payload);
    if ((flags & Flag.END_HEADERS) === 0) return undefined;
    const block = { ...this.#pending, bytes: Buffer.concat(this.#parts) };
    this.#pending = undefined;
    this.#parts = [];
    this.#size = 0;
    return block;
  }

  /** Copies the part: a view would retain the whole read buffer. */
  #append(part: Buffer): void {
    const { maxHeaderBlockBytes, maxHeaderBlockFrames } = this.#limits;
    this.#size += part.length;
    this.#parts.push(Buffer.from(part));
    if (this.#size > maxHeaderBlockBytes || this.#parts.length > maxHeaderBlockFrames) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `a header block of more than ${maxHeaderBlockBytes} bytes or ${maxHeaderBlockFrames} frames`,
      );
    }
  }
}

/** The header section of a request. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** Values by lower-case name; repeated fields are joined with commas. */
  readonly fields: ReadonlyMap<string, string>;
  /** content-length, bytes. */
  readonly length: number | undefined;
  /** The header list exceeds the limit; fields are missing. */
  readonly tooLarge: boolean;
}

const requestPseudoFields: readonly string[] = [':method', ':scheme', ':authority', ':path'];

const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Visible characters, with blanks and tabs between them. */
const fieldValue = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;
/** Method and path appear in logs and responses. */
const visible = /^[!-~]*$/;

/** Connection-specific fields of HTTP/1.1, which enable request smuggling here. */
const connectionFields = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Validates a request's header list.
 *
 * @throws StreamError for a malformed request
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.2
 */
export function readRequestHead({ fields: list, tooLarge }: HeaderList): RequestHead {
  const pseudo = new Map<string, string>();
  const fields = new Map<string, string>();
  for (const [name, value] of list) {
    if (name.startsWith(':')) {
      if (fields.size > 0 || pseudo.has(name) || !requestPseudoFields.includes(name)) throw malformed(name);
      pseudo.set(name, value);
      continue;
    }
    checkField(name, value);
    const previous = fields.get(name);
    fields.set(name, previous === undefined ? value : `${previous},${value}`);
  }
  const method = pseudo.get(':method') ?? '';
  const path = pseudo.get(':path') ?? '';
  if (!visible.test(method + path)) throw malformed(':path');
  // A list that is too large may have lost its pseudo fields.
  if (!tooLarge && (method === '' || path === '' || !pseudo.get(':scheme'))) throw malformed(':path');
  return { method, path, fields, length: readLength(fields.get('content-length')), tooLarge };
}

/** @throws StreamError for fields that are not allowed after a body */
export function checkTrailers({ fields }: HeaderList): void {
  for (const [name, value] of fields) checkField(name, value);
}

function checkField(name: string, value: string): void {
  const isInvalidTe = name === 'te' && value !== 'trailers';
  if (!fieldName.test(name) || !fieldValue.test(value) || connectionFields.has(name) || isInvalidTe) {
    throw malformed(name);
  }
}

function readLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(value)) throw malformed('content-length');
  return Number(value);
}

function malformed(name: string): StreamError {
  return new StreamError(ErrorCode.PROTOCOL_ERROR, `malformed or misplaced field ${name.slice(0, 64)}`);
}

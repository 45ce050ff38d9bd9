import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { encodeFrame, FRAME_HEADER_BYTES, FrameType } from '../http2/frames.ts';
import { encodeLiteralFields, HeaderDecoder } from '../http2/hpack.ts';
import type { HeaderField } from '../http2/hpackTables.ts';
import { settingsFrame } from '../http2/settings.ts';

export const CLIENT_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** The ids of the first streams that a client opens. */
export function clientStreams(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 2 * index + 1);
}

export interface ReceivedFrame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** A raw HTTP/2 connection, for frames that no client library sends. */
export class Http2Socket {
  readonly socket: Socket;
  readonly frames: ReceivedFrame[] = [];
  readonly #decoder = new HeaderDecoder(65_536);
  #bytes: Buffer = Buffer.alloc(0);
  #onFrame: () => void = () => undefined;
  #ended = false;

  /** @param greet whether to send the connection preface and SETTINGS */
  constructor(port: number, greet = true) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.#take(bytes);
    });
    // Some tests are about connections that are cut.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#ended = true;
      this.#onFrame();
    });
    if (greet) this.send(CLIENT_PREFACE, settingsFrame([]));
  }

  send(...parts: Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** A complete HEADERS frame of literal fields. */
  static headers(stream: number, fields: readonly HeaderField[], flags = 0x4): Buffer {
    return encodeFrame(FrameType.HEADERS, flags, stream, encodeLiteralFields(fields));
  }

  /** The first frame that matches, among received and future ones. @throws Error if the connection closes without one */
  async frame(matches: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
    for (;;) {
      const found = this.frames.find(matches);
      if (found) return found;
      if (this.#ended)
        throw new Error(`the connection closed without such a frame; received ${this.#describeFrames()}`);
      await new Promise<void>((resolve) => (this.#onFrame = resolve));
    }
  }

  frameOfType(type: number, stream?: number): Promise<ReceivedFrame> {
    return this.frame((frame) => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  /** The fields of a HEADERS frame. Decode each frame once, in their order. */
  fieldsOf({ payload }: ReceivedFrame): Record<string, string> {
    return Object.fromEntries(this.#decoder.decode(payload).fields);
  }

  /** The error code of GOAWAY. */
  async goAwayCode(): Promise<number> {
    const { payload } = await this.frame(
      ({ type, payload: { length } }) => type === FrameType.GOAWAY && length >= 8,
    );
    return payload.readUInt32BE(4);
  }

  /** The error code of a stream's RST_STREAM. */
  async resetCode(stream: number): Promise<number> {
    return (await this.frameOfType(FrameType.RST_STREAM, stream)).payload.readUInt32BE(0);
  }

  async closed(): Promise<void> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#onFrame = resolve));
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.#bytes.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < end) break;
      this.frames.push({
        type: this.#bytes[3],
        flags: this.#bytes[4],
        stream: this.#bytes.readUInt32BE(5),
        payload: this.#bytes.subarray(FRAME_HEADER_BYTES, end),
      });
      this.#bytes = this.#bytes.subarray(end);
    }
    this.#onFrame();
  }

  #describeFrames(): string {
    return this.frames
      .map(({ type, stream, payload }) => `${type}/${stream} ${payload.toString('latin1')}`)
      .join(', ');
  }
}

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { FRAME_HEAD_BYTES, frameOf, FrameType, settingsFrame } from '../../src/grpc/http2/frames.ts';
import { HeaderDecoder } from '../../src/grpc/http2/hpack/headerDecoder.ts';
import { literalFields } from '../../src/grpc/http2/hpack/literalFields.ts';
import type { HeaderField } from '../../src/grpc/http2/hpack/staticTable.ts';

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export interface ReceivedFrame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** An HTTP/2 connection below any library, for frames that no client would send. */
export class Http2Socket {
  readonly socket: Socket;
  readonly frames: ReceivedFrame[] = [];
  readonly #decoder = new HeaderDecoder(65_536);
  #bytes: Buffer = Buffer.alloc(0);
  #onFrame: () => void = () => undefined;
  #ended = false;

  /** @param greet whether to begin as clients do */
  constructor(port: number, greet = true) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.#take(bytes);
    });
    // A cut connection is what some of the tests are about.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#ended = true;
      this.#onFrame();
    });
    if (greet) this.send(PREFACE, settingsFrame([]));
  }

  send(...parts: Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** HEADERS that are whole, their fields for no table. */
  static headers(stream: number, fields: readonly HeaderField[], flags = 0x4): Buffer {
    return frameOf(FrameType.HEADERS, flags, stream, literalFields(fields));
  }

  /** The first frame that fits, come or to come. @throws Error when the connection ends without one */
  async frame(fits: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found) return found;
      if (this.#ended) throw new Error(`the connection ended without such a frame; ${this.#told()}`);
      await new Promise<void>((resolve) => (this.#onFrame = resolve));
    }
  }

  frameOfType(type: number, stream?: number): Promise<ReceivedFrame> {
    return this.frame((frame) => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  /** The fields of an answer's HEADERS. Each is read once, in the order they came. */
  fieldsOf({ payload }: ReceivedFrame): Record<string, string> {
    return Object.fromEntries(this.#decoder.decode(payload).fields);
  }

  /** The code that the connection ended with. */
  async goneWith(): Promise<number> {
    const { payload } = await this.frame(
      ({ type, payload: { length } }) => type === FrameType.GOAWAY && length >= 8,
    );
    return payload.readUInt32BE(4);
  }

  /** The code that a stream was reset with. */
  async resetWith(stream: number): Promise<number> {
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
    while (this.#bytes.length >= FRAME_HEAD_BYTES) {
      const end = FRAME_HEAD_BYTES + this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < end) break;
      this.frames.push({
        type: this.#bytes[3],
        flags: this.#bytes[4],
        stream: this.#bytes.readUInt32BE(5),
        payload: this.#bytes.subarray(FRAME_HEAD_BYTES, end),
      });
      this.#bytes = this.#bytes.subarray(end);
    }
    this.#onFrame();
  }

  #told(): string {
    return this.frames
      .map(({ type, stream, payload }) => `${type}/${stream} ${payload.toString('latin1')}`)
      .join(', ');
  }
}

/** gRPC's frame round a message of protobuf: a flag and the length before it. */
export function frameOf(message: Buffer): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const HEAD = 5;

/** Takes a stream's bytes apart into its messages, however they came in pieces. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are whole with these bytes. */
  read(part: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    const messages: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= HEAD) {
      const end = at + HEAD + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      messages.push(bytes.subarray(at + HEAD, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return messages;
  }
}

/** Fields of the two messages of a stream's answer, as tags of protobuf: all are of the kind that has a length. */
const tags = { error: 0x0a, response: 0x12, id: 0x1a } as const;

/**
 * The id of a ModelStreamInferResponse, and whether it holds an error. A whole decoder would take more time than the service that is
 * measured.
 */
export function readAnswer(message: Buffer): { id: string; failed: boolean } {
  let id = '';
  let failed = false;
  for (const { tag, content } of fieldsOf(message)) {
    // An empty text may be written or left out.
    if (tag === tags.error) failed = content.length > 0;
    if (tag !== tags.response) continue;
    for (const field of fieldsOf(content)) if (field.tag === tags.id) id = field.content.toString('latin1');
  }
  return { id, failed };
}

function* fieldsOf(bytes: Buffer): Generator<{ tag: number; content: Buffer }> {
  for (let at = 0; at < bytes.length;) {
    const { content, end } = fieldAt(bytes, at);
    yield { tag: bytes[at], content };
    at = end;
  }
}

function fieldAt(bytes: Buffer, at: number): { content: Buffer; end: number } {
  let length = 0;
  let start = at + 1;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[start++];
    length += (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return { content: bytes.subarray(start, start + length), end: start + length };
}

import { joinParts } from '../wire/codes.ts';
import type { MessageName } from '../wire/messages.ts';
import { fieldOf } from '../wire/messages.ts';

/** A field of a protobuf message as it stands on the wire; one that holds a message, as its fields. */
export interface WireField {
  number: number;
  /** 0 varint, 1 and 5 eight and four bytes, 2 what has a length. */
  wireType: number;
  content: bigint | Uint8Array | WireField[];
  /** What stands for the length instead of the right one. */
  length?: bigint;
  /** Bytes without meaning that a varint has more than it needs. */
  idle?: number;
}

/** The fields of a sound model file, messages within messages. */
export function parseFields(file: Uint8Array, message: MessageName = 'Model'): WireField[] {
  const list: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = file[at++];
      value |= BigInt(byte % 128) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < file.length) {
    const tag = Number(varint());
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    if (wireType === 0) {
      list.push({ number, wireType, content: varint() });
      continue;
    }
    const size = wireType === 2 ? Number(varint()) : wireType === 1 ? 8 : 4;
    const bytes = file.slice(at, at + size);
    at += size;
    const field = fieldOf(message, number);
    const content = field?.kind === 'message' ? parseFields(bytes, field.message) : bytes;
    list.push({ number, wireType, content });
  }
  return list;
}

/** The file that fields make, whatever they say. */
export function fileOf(fields: readonly WireField[]): Uint8Array {
  return joinParts(fields.flatMap(fieldParts));
}

function fieldParts({ number, wireType, content, length, idle = 0 }: WireField): Uint8Array[] {
  const tag = varintOf(BigInt(number) * 8n + BigInt(wireType), 0);
  if (typeof content === 'bigint') return [Uint8Array.from([...tag, ...varintOf(content, idle)])];
  const inner = content instanceof Uint8Array ? content : fileOf(content);
  const size = wireType === 2 ? varintOf(length ?? BigInt(inner.length), idle) : [];
  return [Uint8Array.from([...tag, ...size]), inner];
}

function varintOf(value: bigint, idle: number): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left % 128n) + 128);
  bytes.push(Number(left) + (idle > 0 ? 128 : 0));
  for (let byte = 1; byte <= idle; byte++) bytes.push(byte < idle ? 128 : 0);
  return bytes;
}

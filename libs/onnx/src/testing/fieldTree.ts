import { joinParts } from '../wire/codes.ts';
import type { MessageName } from '../wire/messages.ts';
import { fieldOf } from '../wire/messages.ts';

/** A field of a protobuf message; a nested message is a list of fields. */
export interface WireField {
  number: number;
  /** 0: varint, 1: eight bytes, 5: four bytes, 2: length-delimited. */
  wireType: number;
  content: bigint | Uint8Array | WireField[];
  /** A wrong length to write instead of the right one. */
  length?: bigint;
  /** Extra zero bytes of a varint. */
  idle?: number;
}

/** The fields of a valid model file, nested messages included. */
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

/** The bytes of fields, valid or not. */
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

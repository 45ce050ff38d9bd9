import type { TensorType } from '@onda/contract';
import { notUtf8 } from './tensorBytes.ts';
import { WireError, WireType } from './wireReader.ts';
import type { WireReader } from './wireReader.ts';

/** The fields of `InferTensorContents` by their numbers. */
const FIELD = {
  bool: 1,
  int32: 2,
  int64: 3,
  uint32: 4,
  uint64: 5,
  float32: 6,
  float64: 7,
  bytes: 8,
} as const;

type Field = (typeof FIELD)[keyof typeof FIELD];

/** The field that holds the values of each type; float16 has none and is sent as raw bytes. */
const fields = {
  float32: FIELD.float32,
  float64: FIELD.float64,
  float16: undefined,
  int8: FIELD.int32,
  int16: FIELD.int32,
  int32: FIELD.int32,
  int64: FIELD.int64,
  uint8: FIELD.uint32,
  uint16: FIELD.uint32,
  uint32: FIELD.uint32,
  uint64: FIELD.uint64,
  bool: FIELD.bool,
  string: FIELD.bytes,
} as const satisfies Record<TensorType, Field | undefined>;

/** Wire type and reader of each field's values. */
const kinds: Readonly<Record<Field, { type: number; read: (reader: WireReader) => unknown }>> = {
  [FIELD.bool]: { type: WireType.VARINT, read: (reader) => reader.bool() },
  [FIELD.int32]: { type: WireType.VARINT, read: (reader) => reader.int32() },
  [FIELD.int64]: { type: WireType.VARINT, read: (reader) => reader.int64OrDigits() },
  [FIELD.uint32]: { type: WireType.VARINT, read: (reader) => reader.uint32() },
  [FIELD.uint64]: { type: WireType.VARINT, read: (reader) => reader.uint64OrDigits() },
  [FIELD.float32]: { type: WireType.FIXED32, read: (reader) => reader.float() },
  [FIELD.float64]: { type: WireType.FIXED64, read: (reader) => reader.double() },
  // As text at once: a view costs more memory than a short string.
  [FIELD.bytes]: { type: WireType.BYTES, read: (reader) => reader.maybeText() },
};

/** `InferTensorContents`: the values of each field that has some. */
export type GrpcContents = ReadonlyMap<number, readonly unknown[]>;

/**
 * @param maxValues maximum values
 * @throws WireError
 */
export function readContents(reader: WireReader, maxValues: number): GrpcContents {
  const contents = new Map<number, unknown[]>();
  let count = 0;
  const add = (values: unknown[], value: unknown): void => {
    if (++count > maxValues) throw new WireError(`more than ${maxValues} values in contents`);
    values.push(value);
  };
  while (!reader.done) {
    const tag = reader.tag();
    const field = tag >>> 3;
    const type = tag & 7;
    const kind = field <= FIELD.bytes ? kinds[field as Field] : undefined;
    const packed = kind !== undefined && type === WireType.BYTES && kind.type !== WireType.BYTES;
    if (kind === undefined || (!packed && type !== kind.type)) {
      reader.skip(tag, FIELD.bytes);
      continue;
    }
    const values = contents.get(field) ?? [];
    if (packed) {
      const list = reader.message();
      while (!list.done) add(values, kind.read(list));
    } else {
      add(values, kind.read(reader));
    }
    if (values.length > 0) contents.set(field, values);
  }
  return contents;
}

/**
 * The values of one type in the form of JSON; empty if the message has values of another type.
 *
 * @throws DataError for a string that is not UTF-8
 */
export function grpcValues(
  contents: GrpcContents | undefined,
  type: TensorType,
  where: string,
): readonly unknown[] {
  const field = fields[type];
  const values = field === undefined ? undefined : contents?.get(field);
  if (values === undefined) return [];
  const bad = type === 'string' ? values.indexOf(undefined) : -1;
  if (bad >= 0) throw notUtf8(bad, where);
  return values;
}

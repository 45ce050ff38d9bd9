/**
 * The wire form of a field, or its content.
 *
 *   integer   varint                    packable: also packed
 *   bytes     length-delimited (strings too)
 *   refused   a part of ONNX that graph objects do not have
 */
export type Field =
  | { readonly kind: 'integer'; readonly packable?: true }
  | { readonly kind: 'fixed32'; readonly packable?: true }
  | { readonly kind: 'fixed64'; readonly packable?: true }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'message'; readonly message: MessageName }
  | { readonly kind: 'refused'; readonly what: string };

const integer = { kind: 'integer' } as const;
const integers = { kind: 'integer', packable: true } as const;
const bytes = { kind: 'bytes' } as const;
const message = <Name extends string>(name: Name): { kind: 'message'; message: Name } => ({
  kind: 'message',
  message: name,
});
const refused = (what: string): { kind: 'refused'; what: string } => ({ kind: 'refused', what });

/** The fields of ONNX's messages by number, as onnx-proto decodes them (onnx.proto3 of ONNX 1.10); others are skipped. */
const messages = {
  Model: {
    1: integer,
    2: bytes,
    3: bytes,
    4: bytes,
    5: integer,
    6: bytes,
    7: message('Graph'),
    8: message('OperatorSet'),
    14: message('Entry'),
    20: refused('training information'),
    25: refused('functions'),
  },
  OperatorSet: { 1: bytes, 2: integer },
  Entry: { 1: bytes, 2: bytes },
  Graph: {
    1: message('Node'),
    2: bytes,
    5: message('Tensor'),
    10: bytes,
    11: message('ValueInfo'),
    12: message('ValueInfo'),
    13: message('ValueInfo'),
    14: message('Annotation'),
    15: refused('sparse initializers'),
  },
  Annotation: { 1: bytes, 2: message('Entry') },
  Node: { 1: bytes, 2: bytes, 3: bytes, 4: bytes, 5: message('Attribute'), 6: bytes, 7: bytes },
  Attribute: {
    1: bytes,
    2: { kind: 'fixed32' },
    3: integer,
    4: bytes,
    5: message('Tensor'),
    6: message('Graph'),
    7: { kind: 'fixed32', packable: true },
    8: integers,
    9: bytes,
    10: refused('lists of tensors as attributes'),
    11: refused('lists of graphs as attributes'),
    13: bytes,
    14: refused('types as attributes'),
    15: refused('types as attributes'),
    20: integer,
    21: refused('attributes that refer to a function'),
    22: refused('sparse tensors as attributes'),
    23: refused('sparse tensors as attributes'),
  },
  Tensor: {
    1: integers,
    2: integer,
    3: refused('tensor segments'),
    4: { kind: 'fixed32', packable: true },
    5: integers,
    6: bytes,
    7: integers,
    8: bytes,
    9: bytes,
    10: { kind: 'fixed64', packable: true },
    11: integers,
    12: bytes,
    13: message('Entry'),
    14: integer,
  },
  ValueInfo: { 1: bytes, 2: message('Type'), 3: bytes },
  Type: {
    1: message('TensorType'),
    4: refused('sequence values'),
    5: refused('map values'),
    6: bytes,
    8: refused('sparse values'),
    9: refused('optional values'),
  },
  TensorType: { 1: integer, 2: message('Shape') },
  Shape: { 1: message('Dimension') },
  Dimension: { 1: integer, 2: bytes, 3: bytes },
} as const satisfies Record<string, Record<number, { kind: Field['kind']; packable?: true }>>;

export type MessageName = keyof typeof messages;

/** The field with that number, or undefined for one that is skipped. */
export function fieldOf(name: MessageName, number: number): Field | undefined {
  const fields: Record<number, Field | undefined> = messages[name];
  return fields[number];
}

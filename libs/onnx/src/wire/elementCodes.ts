import type { ElementType } from '../graph/element.ts';

/** TensorProto.DataType of each element type. */
export const elementCodes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const satisfies Record<ElementType, number>;

const typeOfCode = new Map<number, ElementType>(
  (Object.keys(elementCodes) as ElementType[]).map((type) => [elementCodes[type], type]),
);

/** The element type of a TensorProto.DataType, or undefined for one that the graph objects have not (string, complex, ...). */
export function elementTypeOf(code: number): ElementType | undefined {
  return typeOfCode.get(code);
}

import type { onnx } from 'onnx-proto';
import { ModelError } from '@onda/contract';
import type { ElementArrays, ElementType } from '../graph/element.ts';
import { elementArrays } from '../graph/element.ts';
import type { Tensor } from '../graph/tensor.ts';
import { elementCount } from '../graph/tensor.ts';
import { littleEndian, swapBytes } from './bytes.ts';
import type { ExternalReader } from './externalData.ts';
import { externalLocation } from './externalData.ts';
import { elementTypeOf } from './elementCodes.ts';
import { bigInteger, integerOf } from './integers.ts';
import { listed } from '../text/listed.ts';
import { quoted } from '../text/quoted.ts';

/**
 * The tensor of a TensorProto, its data copied.
 *
 * @param files that data outside the model file may lie in
 * @throws ModelError for another element type than the graph objects have, data in a file that was not given, or a size that does not fit
 */
export function readTensor(proto: onnx.ITensorProto, where: string, files: ExternalReader): Tensor {
  const name = proto.name ?? '';
  const place = name === '' ? where : `tensor ${quoted(name)}`;
  const code = proto.dataType ?? 0;
  const type = elementTypeOf(code);
  if (type === undefined) {
    throw new ModelError(
      `model file: ${place}: element type ${code} is not supported; expected a float, integer or bool type`,
    );
  }
  const outside = proto.dataLocation === externalLocation || (proto.externalData ?? []).length > 0;
  const dims = (proto.dims ?? []).map((dim) => integerOf(dim, `${place}: dim`));
  const data = outside
    ? rawElements(files.read(proto, place), type, place)
    : hasRawData(proto)
      ? rawElements(proto.rawData, type, place)
      : listedElements(proto, type);
  if (dims.some((dim) => dim < 0) || elementCount(dims) !== data.length) {
    throw new ModelError(
      `model file: ${place}: expected as many elements as shape [${listed(dims)}] has, got ${data.length}; the file is damaged`,
    );
  }
  return { name, type, dims, data } as Tensor;
}

function hasRawData(proto: onnx.ITensorProto): proto is onnx.ITensorProto & { rawData: Uint8Array } {
  return proto.rawData !== undefined && proto.rawData !== null && proto.rawData.length > 0;
}

function rawElements(bytes: Uint8Array, type: ElementType, place: string): ElementArrays[ElementType] {
  const size = elementArrays[type].BYTES_PER_ELEMENT;
  if (bytes.length % size !== 0) {
    throw new ModelError(
      `model file: ${place}: expected ${size} bytes an element, got ${bytes.length} in all; the file is damaged`,
    );
  }
  // The array constructors want aligned memory of their own.
  const own = littleEndian ? new Uint8Array(bytes) : swapBytes(bytes, size);
  return new elementArrays[type](own.buffer as ArrayBuffer);
}

/** Elements that stand one by one in the field of their type, as ONNX puts them when there is no raw data. */
function listedElements(proto: onnx.ITensorProto, type: ElementType): ElementArrays[ElementType] {
  switch (type) {
    case 'float32':
      return Float32Array.from(proto.floatData ?? []);
    case 'float64':
      return Float64Array.from(proto.doubleData ?? []);
    case 'int64':
      return BigInt64Array.from((proto.int64Data ?? []) as unknown[], bigInteger);
    case 'uint64':
      return BigUint64Array.from((proto.uint64Data ?? []) as unknown[], bigInteger);
    case 'uint32':
      return Uint32Array.from((proto.uint64Data ?? []) as unknown[], (value) => Number(bigInteger(value)));
    case 'float16':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
    case 'bool':
      return elementArrays[type].from(proto.int32Data ?? []);
  }
}

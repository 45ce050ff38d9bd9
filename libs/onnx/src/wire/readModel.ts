import { ModelError } from '@onda/contract';
import onnxProto from 'onnx-proto';
import type { onnx } from 'onnx-proto';
import type {
  Attribute,
  Dim,
  ElementArrays,
  ElementType,
  Graph,
  Model,
  Node,
  Tensor,
  ValueInfo,
} from '../graph.ts';
import { elementArrays, elementCount } from '../graph.ts';
import { listed, plain, quoted } from '../text.ts';
import { attributeCodes, bigInteger, elementTypeOf, integerOf, littleEndian, swapBytes } from './codes.ts';
import type { ExternalFiles } from './externalData.ts';
import { ExternalReader, externalLocation } from './externalData.ts';
import type { ReadLimits } from './scanModel.ts';
import { readLimits, scanModel } from './scanModel.ts';

/**
 * Reads an ONNX file into graph objects. Safe on untrusted bytes: depth, size and counts are checked before anything is built.
 * Doc strings, denotations and quantization annotations are dropped.
 *
 * @param file   the whole file
 * @param limits other limits than `readLimits`, for trusted files
 * @param data   contents of external data files by location; no file is opened
 * @throws ModelError for a damaged file or unsupported parts
 */
export function readModel(
  file: Uint8Array,
  limits: Partial<ReadLimits> = {},
  data: ExternalFiles = {},
): Model {
  scanModel(file, { ...readLimits, ...limits });
  const proto = decode(file);
  if (proto.graph === undefined || proto.graph === null) {
    throw new ModelError('model file: expected a graph, got none; the file is damaged or not an ONNX model');
  }
  return {
    irVersion: integerOf(proto.irVersion, 'IR version'),
    opsets: uniqueRecord(
      (proto.opsetImport ?? []).map(({ domain, version }) => [
        domain ?? '',
        integerOf(version, 'operator set version'),
      ]),
      'operator set',
    ),
    producerName: proto.producerName ?? '',
    producerVersion: proto.producerVersion ?? '',
    metadata: uniqueRecord(
      (proto.metadataProps ?? []).map(({ key, value }) => [key ?? '', value ?? '']),
      'metadata key',
    ),
    graph: readGraph(proto.graph, new ExternalReader(data)),
  };
}

function decode(file: Uint8Array): onnx.IModelProto {
  try {
    return onnxProto.onnx.ModelProto.decode(file);
  } catch (error) {
    throw new ModelError(
      `model file: ${error instanceof Error ? error.message : String(error)}; the file is damaged or not an ONNX model`,
      { cause: error },
    );
  }
}

function readGraph(proto: onnx.IGraphProto, data: ExternalReader): Graph {
  return {
    name: proto.name ?? '',
    inputs: (proto.input ?? []).map(readValueInfo),
    outputs: (proto.output ?? []).map(readValueInfo),
    nodes: (proto.node ?? []).map((node) => readNode(node, data)),
    initializers: (proto.initializer ?? []).map((tensor) => readTensor(tensor, 'an initializer', data)),
    values: (proto.valueInfo ?? []).map(readValueInfo),
  };
}

function readNode(proto: onnx.INodeProto, data: ExternalReader): Node {
  const name = proto.name ?? '';
  const op = proto.opType ?? '';
  const where = `node ${quoted(name)} (${plain(op)})`;
  return {
    name,
    op,
    domain: proto.domain ?? '',
    inputs: proto.input ?? [],
    outputs: proto.output ?? [],
    attributes: uniqueRecord(
      (proto.attribute ?? []).map((attribute) =>
        readAttribute(attribute, where, (graph) => readGraph(graph, data)),
      ),
      `${where}: attribute`,
    ),
  };
}

function readValueInfo(proto: onnx.IValueInfoProto): ValueInfo {
  const name = proto.name ?? '';
  const tensorType = proto.type?.tensorType;
  const code = tensorType?.elemType ?? 0;
  const type = elementTypeOf(code);
  if (type === undefined) {
    throw new ModelError(
      `model file: value ${quoted(name)}: element type ${code} is not supported; expected a float, integer or bool type`,
    );
  }
  const dims = tensorType?.shape?.dim;
  const shape = tensorType?.shape
    ? (dims ?? []).map((dim) => readDim(dim, `value ${quoted(name)}: dim`))
    : null;
  return { name, type, shape };
}

function readDim(proto: onnx.TensorShapeProto.IDimension, where: string): Dim {
  if (proto.dimValue !== undefined && proto.dimValue !== null) return integerOf(proto.dimValue, where);
  return proto.dimParam === undefined || proto.dimParam === null || proto.dimParam === ''
    ? null
    : proto.dimParam;
}

function uniqueRecord<T>(entries: readonly (readonly [string, T])[], what: string): Record<string, T> {
  const seen = new Set<string>();
  for (const [key] of entries) {
    if (seen.has(key)) {
      throw new ModelError(
        `model file: ${what} ${quoted(key)}: expected it once, got it again; the file is damaged`,
      );
    }
    seen.add(key);
  }
  return Object.fromEntries(entries);
}

type Reader = (
  proto: onnx.IAttributeProto,
  where: string,
  readGraph: (proto: onnx.IGraphProto) => Graph,
) => Attribute;

const utf8 = new TextDecoder();

const readers: Record<Attribute['kind'], Reader> = {
  float: ({ f }) => ({ kind: 'float', value: f ?? 0 }),
  int: ({ i }, where) => ({ kind: 'int', value: integerOf(i, where) }),
  string: ({ s }) => ({ kind: 'string', value: utf8.decode(s ?? new Uint8Array()) }),
  tensor: ({ t }, where) => ({ kind: 'tensor', value: readTensor(t ?? {}, where, new ExternalReader({})) }),
  graph: ({ g }, _where, readGraph) => ({ kind: 'graph', value: readGraph(g ?? {}) }),
  floats: ({ floats }) => ({ kind: 'floats', value: floats ?? [] }),
  ints: ({ ints }, where) => ({ kind: 'ints', value: (ints ?? []).map((value) => integerOf(value, where)) }),
  strings: ({ strings }) => ({ kind: 'strings', value: (strings ?? []).map((text) => utf8.decode(text)) }),
};

const kindOfCode = new Map<number, Attribute['kind']>(
  (Object.keys(attributeCodes) as Attribute['kind'][]).map((kind) => [attributeCodes[kind], kind]),
);

/**
 * Name and value of an attribute.
 *
 * @param node      the node, for errors
 * @param readGraph for an attribute that is a graph
 * @throws ModelError for an unsupported kind
 */
function readAttribute(
  proto: onnx.IAttributeProto,
  node: string,
  readGraph: (proto: onnx.IGraphProto) => Graph,
): [name: string, value: Attribute] {
  const name = proto.name ?? '';
  const where = `${node}: attribute ${quoted(name)}`;
  const code: number = proto.type ?? 0;
  const kind = kindOfCode.get(code);
  if (kind === undefined) {
    throw new ModelError(
      `model file: ${where}: attribute type ${code} is not supported; expected a number, text, tensor or graph, or a list of numbers or texts`,
    );
  }
  return [name, readers[kind](proto, where, readGraph)];
}

/**
 * The tensor of a TensorProto, with its data copied.
 *
 * @param files external data
 * @throws ModelError for an unsupported element type, missing external data, or a size that does not fit
 */
function readTensor(proto: onnx.ITensorProto, where: string, files: ExternalReader): Tensor {
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
  // Array constructors need aligned memory.
  const own = littleEndian ? new Uint8Array(bytes) : swapBytes(bytes, size);
  return new elementArrays[type](own.buffer as ArrayBuffer);
}

/** Elements from the typed field, which ONNX uses in place of raw data. */
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

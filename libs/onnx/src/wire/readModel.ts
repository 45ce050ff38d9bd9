import onnxProto from 'onnx-proto';
import type { onnx } from 'onnx-proto';
import { ModelError } from '@onda/contract';
import type { Dim, Graph, Model, Node, ValueInfo } from '../graph/graph.ts';
import { elementTypeOf } from './elementCodes.ts';
import type { ExternalFiles } from './externalData.ts';
import { ExternalReader } from './externalData.ts';
import { integerOf } from './integers.ts';
import { readAttribute } from './readAttribute.ts';
import { readTensor } from './readTensor.ts';
import type { ReadLimits } from './scanModel.ts';
import { readLimits, scanModel } from './scanModel.ts';
import { plain, quoted } from '../text/quoted.ts';

/**
 * Reads an ONNX file into graph objects. Safe on bytes from anywhere: depth, size and counts are checked before anything is built.
 * What the graph objects have no place for (doc strings, denotations, quantization annotations) is left out.
 *
 * @param file   the whole file
 * @param limits other limits than `readLimits`, for files that you trust
 * @param data   contents of the files beside it that its tensors name, by that name; nothing else is ever opened
 * @throws ModelError for a damaged file, or one with parts that are not supported
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

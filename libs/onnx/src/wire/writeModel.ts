import { ModelError } from '@onda/contract';
import onnxProto from 'onnx-proto';
import type { onnx } from 'onnx-proto';
import type { Attribute, Dim, Graph, Model, Node, Tensor, ValueInfo } from '../graph.ts';
import type { Parts } from './codes.ts';
import {
  attributeCodes,
  elementCodes,
  joinParts,
  lengthPrefixed,
  littleEndian,
  sizeOf,
  swapBytes,
} from './codes.ts';
import { DataFile } from './externalData.ts';

/** Protobuf's limit of a file. */
const largest = 2 ** 31 - 1;

/**
 * Encodes a model as an ONNX file. Equal models give equal bytes.
 *
 * @throws ModelError beyond protobuf's 2 GB
 */
export function writeModel(model: Model): Uint8Array {
  return encode(model, null);
}

/** A model file, and the external file with the data of its large tensors. */
export interface SplitModel {
  readonly file: Uint8Array;
  /** The contents of the data file in pieces: it may be larger than 2 GB, the limit of an array. */
  readonly data: readonly Uint8Array[];
}

/**
 * Encodes a model with the data of large constants in an external file, as needed beyond protobuf's 2 GB.
 *
 * @param location name of that file, in the model's folder
 */
export function writeSplitModel(model: Model, location: string): SplitModel {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(location)) {
    throw new ModelError(
      `data file: expected the name of a file beside the model, got ${JSON.stringify(location)}; use letters, digits, ".", "_" and "-"`,
    );
  }
  const data = new DataFile(location);
  return { file: encode(model, data), data: data.pieces };
}

// Fields are written in the order of their numbers, as protobufjs would. Large data bypasses protobufjs, which would copy it.
function encode(model: Model, data: DataFile | null): Uint8Array {
  const { irVersion, producerName, producerVersion } = model;
  const parts = [
    ModelProto.encode({ irVersion, producerName, producerVersion }).finish(),
    ...lengthPrefixed(fields.modelGraph, graphParts(model.graph, data)),
    ModelProto.encode({
      opsetImport: Object.entries(model.opsets).map(([domain, version]) => ({ domain, version })),
      metadataProps: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
    }).finish(),
  ];
  const size = sizeOf(parts);
  if (size > largest) {
    throw new ModelError(
      `model file: expected at most ${largest} bytes, protobuf's limit, got ${size}; write external data with writeSplitModel`,
    );
  }
  return joinParts(parts);
}

const { ModelProto, GraphProto, TensorProto } = onnxProto.onnx;

/** Numbers of the fields with large data (onnx.proto3). */
const fields = { modelGraph: 7, graphInitializer: 5, tensorRawData: 9 } as const;

/** @param data collects the data of large constants; null: no external data */
function graphParts(graph: Graph, data: DataFile | null): Parts {
  const { node, name, initializer = [], ...rest } = graphProto(graph, data);
  return [
    GraphProto.encode({ node, name }).finish(),
    ...(initializer ?? []).flatMap((tensor) => lengthPrefixed(fields.graphInitializer, tensorParts(tensor))),
    GraphProto.encode(rest).finish(),
  ];
}

function tensorParts({ rawData, ...rest }: onnx.ITensorProto): Parts {
  const head = TensorProto.encode(rest).finish();
  return rawData ? [head, ...lengthPrefixed(fields.tensorRawData, [rawData])] : [head];
}

function graphProto(graph: Graph, data: DataFile | null): onnx.IGraphProto {
  return {
    node: graph.nodes.map(nodeProto),
    name: graph.name,
    initializer: graph.initializers.map((tensor) => tensorProto(tensor, data)),
    input: graph.inputs.map(valueInfoProto),
    output: graph.outputs.map(valueInfoProto),
    valueInfo: graph.values.map(valueInfoProto),
  };
}

function nodeProto(node: Node): onnx.INodeProto {
  return {
    input: [...node.inputs],
    output: [...node.outputs],
    name: node.name,
    opType: node.op,
    ...(node.domain === '' ? {} : { domain: node.domain }),
    attribute: Object.entries(node.attributes).map(([name, value]) => ({
      name,
      type: attributeCodes[value.kind],
      ...attributeValue(value),
    })),
  };
}

function attributeValue(attribute: Attribute): onnx.IAttributeProto {
  switch (attribute.kind) {
    case 'float':
      return { f: attribute.value };
    case 'int':
      return { i: attribute.value };
    case 'string':
      return { s: utf8.encode(attribute.value) };
    case 'tensor':
      return { t: tensorProto(attribute.value, null) };
    case 'graph':
      return { g: graphProto(attribute.value, null) };
    case 'floats':
      return { floats: [...attribute.value] };
    case 'ints':
      return { ints: [...attribute.value] };
    case 'strings':
      return { strings: attribute.value.map((text) => utf8.encode(text)) };
  }
}

const utf8 = new TextEncoder();

function tensorProto({ name, type, dims, data }: Tensor, file: DataFile | null): onnx.ITensorProto {
  const own = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = littleEndian ? own : swapBytes(own, data.BYTES_PER_ELEMENT);
  return {
    dims: [...dims],
    dataType: elementCodes[type],
    ...(name === '' ? {} : { name }),
    ...(file?.put(bytes) ?? { rawData: bytes }),
  };
}

function valueInfoProto({ name, type, shape }: ValueInfo): onnx.IValueInfoProto {
  const tensorType = {
    elemType: elementCodes[type],
    ...(shape === null ? {} : { shape: { dim: shape.map(dimProto) } }),
  };
  return { name, type: { tensorType } };
}

function dimProto(dim: Dim): onnx.TensorShapeProto.IDimension {
  if (dim === null) return {};
  return typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim };
}

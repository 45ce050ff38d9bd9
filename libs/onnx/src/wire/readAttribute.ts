import type { onnx } from 'onnx-proto';
import { ModelError } from '@onda/contract';
import type { Attribute, Graph } from '../graph/graph.ts';
import { attributeCodes } from './attributeCodes.ts';
import { integerOf } from './integers.ts';
import { ExternalReader } from './externalData.ts';
import { readTensor } from './readTensor.ts';
import { quoted } from '../text/quoted.ts';

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
 * @param node      what to call its node in an error
 * @param readGraph for an attribute that is a graph
 * @throws ModelError for a kind that the graph objects do not have
 */
export function readAttribute(
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

import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from './graph.ts';
import { listed, plain, quoted } from './text.ts';

/** Printed elements of a constant. */
const SHOWN_ELEMENTS = 6;

/** Maximum length of the output: an untrusted file may print to more than a string can hold. */
const MAX_CHARACTERS = 2 ** 25;

/**
 * A model as text, one line per node. Long texts, long lists and the whole output are truncated.
 *
 * @example
 * onnx IR 8, opset 17, producer onda 0.1.0
 * graph lagged-sine (x: float32 [batch, time, 1], state_in: float32 [batch, 32]) -> (y: float32 [batch, time, 1], ...)
 *   constant recurrent_0/W: float32 [1, 32, 1] = 0.1322, -0.01192, ...
 *   recurrent_0: [recurrent_0/Y, recurrent_0/Y_h] = RNN(x/time_major, recurrent_0/W, ...) {hidden_size: 32}
 */
export function printModel(model: Model): string {
  const lines: string[] = [];
  let characters = 0;
  for (const line of modelLines(model)) {
    characters += line.length + 1;
    if (characters > MAX_CHARACTERS) {
      lines.push(`... cut after ${MAX_CHARACTERS} characters`);
      break;
    }
    lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}

function* modelLines(model: Model): Generator<string> {
  const opsets = Object.entries(model.opsets).map(
    ([domain, version]) => `${domain === '' ? '' : `${plain(domain)} `}opset ${version}`,
  );
  const producer = `producer ${plain(model.producerName)} ${plain(model.producerVersion)}`;
  yield `onnx IR ${model.irVersion}, ${listed(opsets)}, ${producer}`;
  for (const [key, value] of Object.entries(model.metadata)) yield `metadata ${plain(key)}: ${plain(value)}`;
  yield* graphLines(model.graph, '');
}

function* graphLines(graph: Graph, indent: string): Generator<string> {
  const values = (infos: readonly ValueInfo[]): string => listed(infos, valueText);
  const inner = `${indent}  `;
  yield `${indent}graph ${plain(graph.name)} (${values(graph.inputs)}) -> (${values(graph.outputs)})`;
  for (const tensor of graph.initializers)
    yield `${inner}constant ${plain(tensor.name)}: ${tensorText(tensor)}`;
  for (const node of graph.nodes) yield* nodeLines(node, inner);
}

function* nodeLines(node: Node, indent: string): Generator<string> {
  const attributes = Object.entries(node.attributes);
  const texts = attributes.flatMap(([name, value]) =>
    value.kind === 'graph' ? [] : [`${plain(name)}: ${attributeText(value)}`],
  );
  const names = (list: readonly string[]): string =>
    listed(list, (name) => (name === '' ? '_' : plain(name)));
  const op = node.domain === '' ? plain(node.op) : `${plain(node.domain)}:${plain(node.op)}`;
  const call = `[${names(node.outputs)}] = ${op}(${names(node.inputs)})`;
  const options = texts.length === 0 ? '' : ` {${listed(texts)}}`;
  yield `${indent}${plain(node.name)}: ${call}${options}`;
  for (const [name, value] of attributes) {
    if (value.kind !== 'graph') continue;
    yield `${indent}  ${plain(name)}:`;
    yield* graphLines(value.value, `${indent}    `);
  }
}

function valueText({ name, type, shape }: ValueInfo): string {
  const dims = shape === null ? 'any shape' : `[${listed(shape, dimText)}]`;
  return `${plain(name)}: ${type} ${dims}`;
}

function dimText(dim: number | string | null): string {
  if (dim === null) return '?';
  return typeof dim === 'number' ? String(dim) : plain(dim);
}

function tensorText({ type, dims, data }: Tensor): string {
  const shown = Array.from(data.subarray(0, SHOWN_ELEMENTS) as ArrayLike<number | bigint>, numberText);
  const more = data.length > shown.length ? ', ...' : '';
  return `${type} [${listed(dims)}] = ${shown.join(', ')}${more}`;
}

function numberText(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(4)));
}

function attributeText(attribute: Exclude<Attribute, { kind: 'graph' }>): string {
  switch (attribute.kind) {
    case 'int':
      return String(attribute.value);
    case 'float':
      return numberText(attribute.value);
    case 'string':
      return quoted(attribute.value);
    case 'tensor':
      return tensorText(attribute.value);
    case 'ints':
      return `[${listed(attribute.value)}]`;
    case 'floats':
      return `[${listed(attribute.value, numberText)}]`;
    case 'strings':
      return `[${listed(attribute.value, quoted)}]`;
  }
}

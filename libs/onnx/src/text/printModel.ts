import type { Attribute, Graph, Model, Node, ValueInfo } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';

/** How many elements of a constant are shown. */
const shownElements = 6;

/**
 * A model as text, a line a node, for people.
 *
 * @example
 * onnx IR 8, opset 17, producer onda 0.1.0
 * graph lagged-sine (x: float32 [batch, time, 1], state_in: float32 [batch, 32]) -> (y: float32 [batch, time, 1], ...)
 *   constant recurrent_0/W: float32 [1, 32, 1] = 0.1322, -0.01192, ...
 *   recurrent_0: [recurrent_0/Y, recurrent_0/Y_h] = RNN(x/time_major, recurrent_0/W, ...) {hidden_size: 32}
 */
export function printModel(model: Model): string {
  const opsets = Object.entries(model.opsets).map(
    ([domain, version]) => `${domain === '' ? '' : `${text(domain)} `}opset ${version}`,
  );
  const producer = `producer ${text(model.producerName)} ${text(model.producerVersion)}`;
  return [
    [`onnx IR ${model.irVersion}`, ...opsets, producer].join(', '),
    ...Object.entries(model.metadata).map(([key, value]) => `metadata ${text(key)}: ${text(value)}`),
    ...graphLines(model.graph, ''),
    '',
  ].join('\n');
}

function graphLines(graph: Graph, indent: string): string[] {
  const values = (infos: readonly ValueInfo[]): string => infos.map(valueText).join(', ');
  const inner = `${indent}  `;
  return [
    `${indent}graph ${text(graph.name)} (${values(graph.inputs)}) -> (${values(graph.outputs)})`,
    ...graph.initializers.map((tensor) => `${inner}constant ${text(tensor.name)}: ${tensorText(tensor)}`),
    ...graph.nodes.flatMap((node) => nodeLines(node, inner)),
  ];
}

function nodeLines(node: Node, indent: string): string[] {
  const attributes = Object.entries(node.attributes);
  const plain = attributes.flatMap(([name, value]) =>
    value.kind === 'graph' ? [] : [`${text(name)}: ${attributeText(value)}`],
  );
  const graphs = attributes.flatMap(([name, value]) =>
    value.kind === 'graph' ? [`${indent}  ${text(name)}:`, ...graphLines(value.value, `${indent}    `)] : [],
  );
  const names = (list: readonly string[]): string =>
    list.map((name) => (name === '' ? '_' : text(name))).join(', ');
  const op = node.domain === '' ? text(node.op) : `${text(node.domain)}:${text(node.op)}`;
  const call = `[${names(node.outputs)}] = ${op}(${names(node.inputs)})`;
  const options = plain.length === 0 ? '' : ` {${plain.join(', ')}}`;
  return [`${indent}${text(node.name)}: ${call}${options}`, ...graphs];
}

function valueText({ name, type, shape }: ValueInfo): string {
  const dims = shape === null ? 'any shape' : `[${shape.map((dim) => dimText(dim)).join(', ')}]`;
  return `${text(name)}: ${type} ${dims}`;
}

function dimText(dim: number | string | null): string {
  if (dim === null) return '?';
  return typeof dim === 'number' ? String(dim) : text(dim);
}

function tensorText({ type, dims, data }: Tensor): string {
  const shown = Array.from(data.subarray(0, shownElements) as ArrayLike<number | bigint>, numberText);
  const more = data.length > shown.length ? ', ...' : '';
  return `${type} [${dims.join(', ')}] = ${shown.join(', ')}${more}`;
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
      return `[${attribute.value.join(', ')}]`;
    case 'floats':
      return `[${attribute.value.map(numberText).join(', ')}]`;
    case 'strings':
      return `[${attribute.value.map(quoted).join(', ')}]`;
  }
}

/** A name as it is when it is plain, else quoted: a file from anywhere must not write control characters to a terminal. */
function text(name: string): string {
  return /^[A-Za-z0-9_./:+-]+$/.test(name) ? name : quoted(name);
}

function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

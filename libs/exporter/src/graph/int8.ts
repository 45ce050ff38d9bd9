import type { Graph, Model, Node, Tensor, ValueInfo } from '@onda/onnx';
import { attribute, floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';

/** A quantized model, and notes on the nodes that stay float32. */
export interface QuantizedModel {
  readonly model: Model;
  readonly notes: readonly string[];
}

/** The operator domain of ONNX Runtime, which has DynamicQuantizeLSTM. */
const MICROSOFT_DOMAIN = 'com.microsoft';

/**
 * Stores the weights of LSTM and MatMul nodes as int8; their inputs are quantized at run time (dynamic quantization).
 *
 * @throws UnsupportedError for a model without such a node
 */
export function quantizeModel(model: Model): QuantizedModel {
  const { graph } = model;
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const infos = [...graph.outputs, ...graph.values, ...graph.inputs];
  const shapes: Shapes = new Map(infos.map(({ name, shape }) => [name, shape]));
  const notes: string[] = [];
  const parts = graph.nodes.map((node): Quantized => {
    if (node.op === 'RNN' || node.op === 'GRU') {
      notes.push(
        `node "${node.name}" (${node.op}): its weights stay float32, as ONNX Runtime has no int8 kernel for it`,
      );
    }
    const quantized =
      node.op === 'LSTM'
        ? quantizeLstm(node, constants)
        : node.op === 'MatMul'
          ? quantizeMatMul(node, constants, shapes)
          : null;
    return quantized ?? { nodes: [node], constants: [], values: [] };
  });
  const added = parts.flatMap(({ constants: own }) => own);
  if (added.length === 0) {
    throw new UnsupportedError(
      `model "${graph.name}": expected LSTM or dense layers, which int8 applies to, got none; export in float32 or float16`,
    );
  }
  const nodes = parts.flatMap(({ nodes: own }) => own);
  const uses = nodes.some(({ domain }) => domain === MICROSOFT_DOMAIN);
  return {
    model: {
      ...model,
      opsets: uses ? { ...model.opsets, [MICROSOFT_DOMAIN]: 1 } : model.opsets,
      graph: {
        ...graph,
        nodes,
        initializers: [...usedInitializers(graph, nodes), ...added],
        values: [...graph.values, ...parts.flatMap(({ values }) => values)],
      },
    },
    notes,
  };
}

/** Initializers that nodes, subgraphs or outputs still use. */
function usedInitializers({ initializers, outputs }: Graph, nodes: readonly Node[]): Tensor[] {
  const taken = new Set(outputs.map(({ name }) => name));
  const visit = (list: readonly Node[]): void => {
    for (const { inputs, attributes } of list) {
      for (const name of inputs) taken.add(name);
      for (const value of Object.values(attributes)) {
        if (value.kind !== 'graph') continue;
        visit(value.value.nodes);
        for (const { name } of value.value.outputs) taken.add(name);
      }
    }
  };
  visit(nodes);
  return initializers.filter(({ name }) => taken.has(name));
}

/** The replacement of a quantized node. */
interface Quantized {
  readonly nodes: readonly Node[];
  readonly constants: readonly Tensor[];
  readonly values: readonly ValueInfo[];
}

/**
 * An LSTM with constant weights as ONNX Runtime's DynamicQuantizeLSTM, with one scale per gate and unit. It takes W and R transposed:
 * [directions, features, 4 units] and [directions, units, 4 units].
 *
 * @returns null for weights that are not constant
 */
function quantizeLstm(node: Node, constants: ReadonlyMap<string, Tensor>): Quantized | null {
  const [x, w, r, b = '', lengths = '', h = '', c = '', peepholes = ''] = node.inputs;
  const weights = constants.get(w);
  const recurrent = constants.get(r);
  if (weights?.type !== 'float32' || recurrent?.type !== 'float32') return null;
  const quantized = [
    quantizeWeights(`${node.name}/W`, weights),
    quantizeWeights(`${node.name}/R`, recurrent),
  ];
  const attributes = Object.entries(node.attributes).filter(([name]) => name !== 'layout');
  const [[ownW, scaleW, zeroW], [ownR, scaleR, zeroR]] = quantized.map((tensors) =>
    tensors.map(({ name }) => name),
  );
  return {
    nodes: [
      {
        ...node,
        op: 'DynamicQuantizeLSTM',
        domain: 'com.microsoft',
        inputs: [x, ownW, ownR, b, lengths, h, c, peepholes, scaleW, zeroW, scaleR, zeroR],
        attributes: Object.fromEntries(attributes),
      },
    ],
    constants: quantized.flat(),
    values: [],
  };
}

/** [directions, 4 units, inputs] ---> int8 [directions, inputs, 4 units], scales, and zero points of 0. */
function quantizeWeights(name: string, { dims, data }: Extract<Tensor, { type: 'float32' }>): Tensor[] {
  const [directions, gates, from] = dims;
  const values = new Int8Array(data.length);
  const scales = new Float32Array(directions * gates);
  for (let direction = 0; direction < directions; direction++) {
    const start = direction * gates * from;
    const transposed = transpose(data.subarray(start, start + gates * from), gates, from);
    const part = quantizeColumns(transposed, from, gates);
    values.set(part.values, start);
    scales.set(part.scales, direction * gates);
  }
  return [
    { name: `${name}:int8`, type: 'int8', dims: [directions, from, gates], data: values },
    floatTensor(`${name}:scale`, [directions, gates], scales),
    {
      name: `${name}:zero`,
      type: 'int8',
      dims: [directions, gates],
      data: new Int8Array(directions * gates),
    },
  ];
}

/** Row-major [rows, columns] ---> [columns, rows]. */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      transposed[column * rows + row] = data[row * columns + column];
  }
  return transposed;
}

/** Shapes of values by name. */
type Shapes = ReadonlyMap<string, ValueInfo['shape']>;

/** TensorProto.DataType.FLOAT. */
const FLOAT32_CODE = 1;

/**
 * A product with a constant matrix: x is quantized to uint8, MatMulInteger accumulates integers, and the scales of x and
 * of each column are multiplied back. All operators are standard ONNX; ONNX Runtime fuses the five nodes.
 *
 * @returns null unless the second factor is a constant float32 matrix
 */
function quantizeMatMul(
  node: Node,
  constants: ReadonlyMap<string, Tensor>,
  shapes: Shapes,
): Quantized | null {
  const [x, b] = node.inputs;
  const matrix = constants.get(b);
  if (matrix?.type !== 'float32' || matrix.dims.length !== 2) return null;
  const [rows, columns] = matrix.dims;
  const { values, scales } = quantizeColumns(matrix.data, rows, columns);
  const { name } = node;
  const of = (part: string): string => `${name}/${part}`;
  const shapeOf = (value: string): ValueInfo['shape'] => shapes.get(value) ?? null;
  const make = (part: string, op: string, inputs: string[], outputs: string[]): Node => ({
    name: part === '' ? name : of(part),
    op,
    domain: '',
    inputs,
    outputs,
    attributes: op === 'Cast' ? { to: attribute.int(FLOAT32_CODE) } : {},
  });
  const product = shapeOf(node.outputs[0]);
  return {
    nodes: [
      make('quantize', 'DynamicQuantizeLinear', [x], [of('x'), of('x_scale'), of('x_zero')]),
      make('integer', 'MatMulInteger', [of('x'), of('weights'), of('x_zero')], [of('sums')]),
      make('cast', 'Cast', [of('sums')], [of('floats')]),
      make('scale', 'Mul', [of('x_scale'), of('scales')], [of('scale')]),
      make('', 'Mul', [of('floats'), of('scale')], [...node.outputs]),
    ],
    constants: [
      { name: of('weights'), type: 'int8', dims: [rows, columns], data: values },
      floatTensor(of('scales'), [columns], scales),
    ],
    values: [
      { name: of('x'), type: 'uint8', shape: shapeOf(x) },
      { name: of('x_scale'), type: 'float32', shape: [] },
      { name: of('x_zero'), type: 'uint8', shape: [] },
      { name: of('sums'), type: 'int32', shape: product },
      { name: of('floats'), type: 'float32', shape: product },
      { name: of('scale'), type: 'float32', shape: [columns] },
    ],
  };
}

/** A quantized matrix: value = q * scale of its column. */
interface QuantizedColumns {
  /** Row-major, [rows, columns], -64 to 64. */
  readonly values: Int8Array;
  /** [columns] */
  readonly scales: Float32Array;
}

/**
 * Seven of eight bits: kernels for CPUs without VNNI add two products of weight and input in 16 bits, and 2 x 255 x 64 still
 * fits. With eight bits they would saturate and differ from newer CPUs.
 */
const MAX_QUANTIZED = 64;

/** Quantizes each column with its own scale, rounding to nearest; a column of zeros has scale 1. */
function quantizeColumns(data: Float32Array, rows: number, columns: number): QuantizedColumns {
  const scales = new Float32Array(columns);
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]) / MAX_QUANTIZED;
    if (size > scales[i % columns]) scales[i % columns] = size;
  }
  for (let column = 0; column < columns; column++) scales[column] ||= 1;
  const values = new Int8Array(rows * columns);
  for (let i = 0; i < values.length; i++) values[i] = Math.round(data[i] / scales[i % columns]);
  return { values, scales };
}

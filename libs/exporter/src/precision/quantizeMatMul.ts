import type { Graph, Node, Tensor, ValueInfo } from '@onda/onnx';
import { attribute, floatTensor } from '@onda/onnx';
import type { Quantized } from './quantized.ts';
import { quantizeColumns } from './quantizeColumns.ts';

/** TensorProto.DataType.FLOAT. */
const float32Code = 1;

/**
 * A product with a constant matrix: x is quantized to uint8 as its values are, the product adds whole numbers, and the scales of x and
 * of each column turn the sums back. All operators are ONNX's own; ONNX Runtime runs the five nodes as one.
 *
 * @returns null where the second factor is no constant float32 matrix
 */
export function quantizeMatMul(
  node: Node,
  constants: ReadonlyMap<string, Tensor>,
  graph: Graph,
): Quantized | null {
  const [x, b] = node.inputs;
  const matrix = constants.get(b);
  if (matrix?.type !== 'float32' || matrix.dims.length !== 2) return null;
  const [rows, columns] = matrix.dims;
  const { values, scales } = quantizeColumns(matrix.data, rows, columns);
  const { name } = node;
  const of = (part: string): string => `${name}/${part}`;
  const shapeOf = (value: string): ValueInfo['shape'] =>
    [...graph.inputs, ...graph.values, ...graph.outputs].find((info) => info.name === value)?.shape ?? null;
  const make = (part: string, op: string, inputs: string[], outputs: string[]): Node => ({
    name: part === '' ? name : of(part),
    op,
    domain: '',
    inputs,
    outputs,
    attributes: op === 'Cast' ? { to: attribute.int(float32Code) } : {},
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

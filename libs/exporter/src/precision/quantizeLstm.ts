import type { Node, Tensor } from '@onda/onnx';
import { floatTensor } from '@onda/onnx';
import type { Quantized } from './quantized.ts';
import { quantizeColumns } from './quantizeColumns.ts';

/**
 * An LSTM with constant weights as ONNX Runtime's DynamicQuantizeLSTM: inputs and h are quantized at run time, each gate of each unit
 * has a scale of its own. It takes W and R the other way round, [directions, features, 4 units] and [directions, units, 4 units].
 *
 * @returns null where the weights are no constants
 */
export function quantizeLstm(node: Node, constants: ReadonlyMap<string, Tensor>): Quantized | null {
  const [x, w, r, b = '', lengths = '', h = '', c = '', peepholes = ''] = node.inputs;
  const weights = constants.get(w);
  const recurrent = constants.get(r);
  if (weights?.type !== 'float32' || recurrent?.type !== 'float32') return null;
  const quantized = [quantize(`${node.name}/W`, weights), quantize(`${node.name}/R`, recurrent)];
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

/** [directions, 4 units, from] as [directions, from, 4 units] in whole numbers, its scales and its zero points, which are 0. */
function quantize(name: string, { dims, data }: Extract<Tensor, { type: 'float32' }>): Tensor[] {
  const [directions, gates, from] = dims;
  const values = new Int8Array(data.length);
  const scales = new Float32Array(directions * gates);
  for (let direction = 0; direction < directions; direction++) {
    const start = direction * gates * from;
    const turned = transpose(data.subarray(start, start + gates * from), gates, from);
    const part = quantizeColumns(turned, from, gates);
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

/** Row-major [rows, columns] as [columns, rows]. */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = data[row * columns + column];
  }
  return turned;
}

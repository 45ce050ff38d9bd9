import type { CellKind } from '@onda/contract';

/** For each of ONNX's gates, which block of columns it is in a layer of other make. */
export type GateOrder = Readonly<Record<CellKind, readonly number[]>>;

/**
 * Of Onda's layers, in PyTorch's order.
 *
 *   lstm  i f g o  ->  ONNX i o f c
 *   gru   r z n    ->  ONNX z r h
 */
export const pytorchGates: GateOrder = { rnn: [0], lstm: [0, 3, 1, 2], gru: [1, 0, 2] };

/**
 * Of TensorFlow.js's own layers (tfjs-layers recurrent.ts).
 *
 *   lstm  i f c o  ->  ONNX i o f c
 *   gru   z r h    ->  ONNX z r h
 */
export const tfjsGates: GateOrder = { rnn: [0], lstm: [0, 3, 1, 2], gru: [0, 1, 2] };

/**
 * Turns a kernel and puts its gates into ONNX's order.
 *
 * @param kernel row-major, shape [inputs, gates * units]
 * @param order  for each of ONNX's gates its block of columns
 * @returns a new array, shape [gates * units, inputs]
 */
export function reorderKernel(
  kernel: Float32Array,
  inputs: number,
  units: number,
  order: readonly number[],
): Float32Array {
  const columns = order.length * units;
  const turned = new Float32Array(kernel.length);
  order.forEach((block, gate) => {
    for (let unit = 0; unit < units; unit++) {
      const row = (gate * units + unit) * inputs;
      const column = block * units + unit;
      for (let input = 0; input < inputs; input++) turned[row + input] = kernel[input * columns + column];
    }
  });
  return turned;
}

/** Puts a bias, shape [gates * units], into ONNX's order. */
export function reorderBias(bias: Float32Array, units: number, order: readonly number[]): Float32Array {
  return reorderKernel(bias, 1, units, order);
}

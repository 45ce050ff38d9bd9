import { describe, expect, it } from 'vitest';
import { printModel } from './printModel.ts';
import { exampleModel } from './testing/exampleModel.ts';

describe(printModel, () => {
  it('prints a line per constant and node, subgraphs indented', () => {
    expect(printModel(exampleModel())).toBe(`onnx IR 8, opset 17, com.microsoft opset 1, producer onda 0.1.0
metadata onda.name: example
graph example (x: float32 [time, batch, 3], any: int64 any shape) -> (y: float32 [time, ?, 3])
  constant W: float32 [1, 2, 3] = 1, 2, 3, 4, 5, 6
  constant R: float32 [1, 2, 2] = 0.5, 0, 0, 0.5
  constant B: float32 [1, 4] = 0, 0, 0, 0
  constant sizes: int64 [2] = 2, 3
  rnn: [_, h] = RNN(x, W, R, B) {hidden_size: 2, activations: ["Tanh"], activation_alpha: [0.25, -1]}
  scan: [last, y] = Scan(h, x) {num_scan_inputs: 1, scan_output_axes: [0]}
    body:
      graph body (before: float32 [1, batch, 2], entry: float32 [batch, 3]) -> (after: float32 [1, batch, 2], put: float32 [batch, 3])
        body/act: [after] = Elu(before) {alpha: 0.5}
        body/copy: [put] = Identity(entry)
  fill: [filled] = ConstantOfShape(sizes) {value: float32 [1] = 1.5}
`);
  });

  it('quotes names that hold more than letters, so that none controls a terminal', () => {
    const model = exampleModel();
    const text = printModel({ ...model, graph: { ...model.graph, name: '\u001b[31m\u009bred' } });
    expect(text).toContain('graph "\\u001b[31m\\u009bred" (');
  });
});

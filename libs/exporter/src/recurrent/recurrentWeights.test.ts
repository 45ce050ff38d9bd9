import { describe, expect, it } from 'vitest';
import { pytorchGates, reorderBias, reorderKernel, tfjsGates } from './recurrentWeights.ts';

describe(reorderKernel, () => {
  it('transposes a kernel [inputs, gates * units] and reorders its gates', () => {
    // Two inputs, two units; columns r0 r1 z0 z1 n0 n1.
    const kernel = Float32Array.of(1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60);
    const turned = reorderKernel(kernel, 2, 2, pytorchGates.gru);
    expect([...turned]).toEqual([3, 30, 4, 40, 1, 10, 2, 20, 5, 50, 6, 60]);
  });
});

describe(reorderBias, () => {
  it.each([
    ['PyTorch lstm i f g o', pytorchGates.lstm, ['i', 'f', 'g', 'o'], ['i', 'o', 'f', 'g']],
    ['PyTorch gru r z n', pytorchGates.gru, ['r', 'z', 'n'], ['z', 'r', 'n']],
    ['TensorFlow.js lstm i f c o', tfjsGates.lstm, ['i', 'f', 'c', 'o'], ['i', 'o', 'f', 'c']],
    ['TensorFlow.js gru z r h', tfjsGates.gru, ['z', 'r', 'h'], ['z', 'r', 'h']],
  ])("puts the gates of %s into ONNX's order", (_what, order, gates, expected) => {
    const codes = Float32Array.from(gates, (gate) => gate.charCodeAt(0));
    expect(String.fromCharCode(...reorderBias(codes, 1, order))).toBe(expected.join(''));
  });
});

import type { Attribute, Graph, Node } from '@onda/onnx';

/** The activations that the CUDA provider has kernels for, by op. */
const cudaActivations: Readonly<Record<string, readonly string[]>> = {
  RNN: ['Tanh'],
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
};

/** What WebGPU's LSTM and GRU kernels know. */
const webgpuActivations: ReadonlySet<string> = new Set(['Sigmoid', 'Tanh', 'Relu']);

/**
 * Tells which recurrent nodes a GPU provider of ONNX Runtime would not take, why, and what to change in training.
 *
 * @returns a sentence for each
 */
export function providerWarnings({ nodes }: Graph): string[] {
  return nodes.flatMap((node) => {
    const expected = cudaActivations[node.op] as readonly string[] | undefined;
    return expected === undefined ? [] : nodeWarnings(node, expected);
  });
}

function nodeWarnings(node: Node, expected: readonly string[]): string[] {
  const warnings: string[] = [];
  const at = `node "${node.name}" (${node.op})`;
  const activations = textsOf(node.attributes['activations']);
  const odd = activations.filter((name, index) => name !== expected[index % expected.length]);
  if (odd.length > 0) {
    warnings.push(
      `${at}: the CUDA provider runs it on the CPU, as it has no ${[...new Set(odd)].join(', ')} there; train with recurrentActivation "sigmoid" and activation "tanh"`,
    );
  }
  const unknown = activations.filter((name) => !webgpuActivations.has(name));
  if (node.op !== 'RNN' && unknown.length > 0) {
    warnings.push(
      `${at}: the WebGPU provider refuses it, as it has no ${[...new Set(unknown)].join(', ')}; train with recurrentActivation "sigmoid"`,
    );
  }
  const reset = node.attributes['linear_before_reset'] as Attribute | undefined;
  if (node.op === 'GRU' && (reset?.kind !== 'int' || reset.value === 0)) {
    warnings.push(
      `${at}: the CUDA provider runs it on the CPU, as its reset gate applies before the recurrent product; train an OndaGRU`,
    );
  }
  return warnings;
}

function textsOf(value: Attribute | undefined): readonly string[] {
  return value?.kind === 'strings' ? value.value : [];
}

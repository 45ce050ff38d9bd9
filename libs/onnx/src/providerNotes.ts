import type { Attribute, Graph, Model, Node } from './graph.ts';
import { plain, quoted } from './text.ts';

/** A node that a GPU provider of ONNX Runtime does not support, or whose CPU kernel differs for extreme values. */
export interface ProviderNote {
  readonly provider: 'cpu' | 'cuda' | 'webgpu';
  /** One sentence: which node, why, and what to change. */
  readonly text: string;
}

/** Activations of the CUDA provider's kernels, by op. */
const cudaActivations: Readonly<Record<string, readonly string[]>> = {
  RNN: ['Tanh'],
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
};

/** Activations of WebGPU's LSTM and GRU kernels. */
const webgpuActivations: ReadonlySet<string> = new Set(['Sigmoid', 'Tanh', 'Relu']);

/** Last operator set with CUDA and WebGPU kernels of RNN, LSTM and GRU. */
const LAST_OPSET = 21;

/** Attributes that cuDNN's recurrent kernels do not support. */
const cudaForeign = ['activation_alpha', 'activation_beta', 'clip'] as const;

/** Index of an LSTM's peephole input. */
const PEEPHOLES = 7;

/**
 * Lists recurrent nodes, subgraphs included, that a GPU provider does not support (onnxruntime, core/providers/cuda/rnn).
 *
 * @returns a note for each reason
 */
export function providerNotes({ graph, opsets }: Pick<Model, 'graph' | 'opsets'>): ProviderNote[] {
  const notes = graphsOf(graph).flatMap(({ nodes }) => nodes.flatMap(nodeNotes));
  const opset = Object.hasOwn(opsets, '') ? opsets[''] : 0;
  const recurrent = graphsOf(graph).some(({ nodes }) => nodes.some(isRecurrent));
  if (opset <= LAST_OPSET || !recurrent) return notes;
  const text = (provider: string): string =>
    `operator set ${opset}: the ${provider} provider has its RNN, LSTM and GRU up to ${LAST_OPSET}; export with --opset ${LAST_OPSET} or lower`;
  return [...notes, { provider: 'cuda', text: text('CUDA') }, { provider: 'webgpu', text: text('WebGPU') }];
}

function graphsOf(graph: Graph): Graph[] {
  const inner = graph.nodes.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap((value) => (value.kind === 'graph' ? graphsOf(value.value) : [])),
  );
  return [graph, ...inner];
}

function isRecurrent({ domain, op }: Node): boolean {
  return domain === '' && Object.hasOwn(cudaActivations, op);
}

function nodeNotes(node: Node): ProviderNote[] {
  if (!isRecurrent(node)) return [];
  const notes: ProviderNote[] = [];
  const expected = cudaActivations[node.op];
  const at = `node ${quoted(node.name)} (${node.op})`;
  const onCpu = (why: string, remedy: string): void => {
    notes.push({
      provider: 'cuda',
      text: `${at}: the CUDA provider runs it on the CPU, as ${why}; ${remedy}`,
    });
  };
  const activations = textsOf(node.attributes['activations']);
  const odd = activations.filter((name, index) => name !== expected[index % expected.length]);
  if (odd.length > 0) {
    onCpu(`it has no ${listed(odd)} there`, 'train with recurrentActivation "sigmoid" and activation "tanh"');
  }
  if (activations.some((name) => name === 'Softplus')) {
    // rnn_helpers.cc computes log(exp(x) + 1) directly, and exp overflows float32.
    notes.push({
      provider: 'cpu',
      text: `${at}: ONNX Runtime's Softplus there is infinite above 88, where TensorFlow.js's is not; train with another activation if its values go so far`,
    });
  }
  const unknown = activations.filter((name) => !webgpuActivations.has(name));
  if (node.op !== 'RNN' && unknown.length > 0) {
    notes.push({
      provider: 'webgpu',
      text: `${at}: the WebGPU provider refuses it, as it has no ${listed(unknown)}; train with recurrentActivation "sigmoid"`,
    });
  }
  if (node.op === 'RNN') {
    notes.push({
      provider: 'webgpu',
      text: `${at}: the WebGPU provider runs it on the CPU, as it has no RNN; train an LSTM or a GRU`,
    });
  }
  if (node.op === 'GRU' && !isSet(node.attributes['linear_before_reset'])) {
    onCpu('its reset gate applies before the recurrent product', 'train an OndaGRU');
  }
  // Parameters of a reported activation add nothing.
  const foreign = (odd.length > 0 ? ['clip'] : cudaForeign).filter((name) =>
    Object.hasOwn(node.attributes, name),
  );
  if (foreign.length > 0) onCpu(`it has no ${foreign.join(', ')}`, 'train with plain activations');
  if (node.op === 'LSTM' && isSet(node.attributes['input_forget'])) {
    onCpu('its input and forget gates are coupled', 'train an LSTM with gates of their own');
  }
  if (node.op === 'LSTM' && (node.inputs.at(PEEPHOLES) ?? '') !== '') {
    onCpu('it has peepholes', 'train an LSTM without');
  }
  return notes;
}

function isSet(value: Attribute | undefined): boolean {
  return value?.kind === 'int' && value.value !== 0;
}

/** Unique names, the first few only. */
function listed(names: readonly string[]): string {
  return [...new Set(names.slice(0, 8))].map(plain).join(', ');
}

function textsOf(value: Attribute | undefined): readonly string[] {
  return value?.kind === 'strings' ? value.value : [];
}

import { describe, expect, it } from 'vitest';
import type { Attribute, Graph, Node } from './graph.ts';
import { attribute } from './graph.ts';
import { providerNotes } from './providerNotes.ts';

function node(op: string, attributes: Record<string, Attribute> = {}, inputs = ['x', 'W', 'R']): Node {
  return { name: 'n', op, domain: '', inputs, outputs: ['y'], attributes };
}

function graph(nodes: Node[]): Graph {
  return { name: 'g', inputs: [], outputs: [], nodes, initializers: [], values: [] };
}

function cuda(nodes: Node[], opset = 17): string[] {
  const notes = providerNotes({ graph: graph(nodes), opsets: { '': opset } });
  return notes.filter(({ provider }) => provider === 'cuda').map(({ text }) => text);
}

const activations = (...names: string[]): Record<string, Attribute> => ({
  activations: attribute.strings(names),
});
const reset = { linear_before_reset: attribute.int(1) };

describe(providerNotes, () => {
  it.each<[string, Node, Node]>([
    [
      'it has no Relu there; train with recurrentActivation "sigmoid" and activation "tanh"',
      node('RNN', activations('Relu')),
      node('RNN', activations('Tanh')),
    ],
    [
      'it has no HardSigmoid there; train with recurrentActivation "sigmoid" and activation "tanh"',
      node('LSTM', activations('HardSigmoid', 'Tanh', 'Tanh')),
      node('LSTM', activations('Sigmoid', 'Tanh', 'Tanh', 'Sigmoid', 'Tanh', 'Tanh')),
    ],
    [
      'its reset gate applies before the recurrent product; train an OndaGRU',
      node('GRU'),
      node('GRU', reset),
    ],
    ['it has no clip; train with plain activations', node('RNN', { clip: attribute.float(5) }), node('RNN')],
    [
      'it has no activation_alpha, activation_beta; train with plain activations',
      node('LSTM', { activation_alpha: attribute.floats([1]), activation_beta: attribute.floats([1]) }),
      node('LSTM'),
    ],
    [
      'its input and forget gates are coupled; train an LSTM with gates of their own',
      node('LSTM', { input_forget: attribute.int(1) }),
      node('LSTM', { input_forget: attribute.int(0) }),
    ],
    [
      'it has peepholes; train an LSTM without',
      node('LSTM', {}, ['x', 'W', 'R', 'B', '', '', '', 'P']),
      node('LSTM', {}, ['x', 'W', 'R', 'B', '', '', '', '']),
    ],
  ])('says of a node that %s', (text, odd, plain) => {
    expect(cuda([odd])).toEqual([`node "n" (${odd.op}): the CUDA provider runs it on the CPU, as ${text}`]);
    expect(cuda([plain])).toEqual([]);
  });

  it('reports a function that overflows on the CPU', () => {
    const activations = attribute.strings(['Sigmoid', 'Softplus']);
    const notes = providerNotes({
      graph: graph([node('GRU', { ...reset, activations })]),
      opsets: { '': 17 },
    });
    expect(notes.filter(({ provider }) => provider === 'cpu').map(({ text }) => text)).toEqual([
      'node "n" (GRU): ONNX Runtime\'s Softplus there is infinite above 88, where TensorFlow.js\'s is not; train with another activation if its values go so far',
    ]);
  });

  it('looks into branches', () => {
    const branch = attribute.graph(graph([node('GRU')]));
    expect(cuda([node('If', { then_branch: branch })])).toHaveLength(1);
  });

  it('reports an operator set without recurrent GPU kernels, for a model with a recurrent node', () => {
    expect(cuda([node('GRU', reset)], 22)).toEqual([
      'operator set 22: the CUDA provider has its RNN, LSTM and GRU up to 21; export with --opset 21 or lower',
    ]);
    expect(cuda([node('GRU', reset)], 21)).toEqual([]);
    expect(cuda([node('Add')], 22)).toEqual([]);
  });

  it('leaves operators of other domains alone', () => {
    expect(cuda([{ ...node('GRU'), domain: 'com.example' }])).toEqual([]);
  });
});

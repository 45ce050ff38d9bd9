import type { Graph, Model, Node, Tensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import type { Quantized } from './quantized.ts';
import { quantizeLstm } from './quantizeLstm.ts';
import { quantizeMatMul } from './quantizeMatMul.ts';

/** A model in whole numbers, and which nodes stay in float32, a sentence each. */
export interface QuantizedModel {
  readonly model: Model;
  readonly notes: readonly string[];
}

/** ONNX Runtime's own operators; DynamicQuantizeLSTM is one of them. */
const microsoft = 'com.microsoft';

/**
 * Keeps the weights of LSTM and MatMul nodes as int8 and quantizes their inputs at run time, as ONNX Runtime's kernels do.
 *
 * @throws UnsupportedError when the model has no such node
 */
export function quantizeModel(model: Model): QuantizedModel {
  const { graph } = model;
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
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
          ? quantizeMatMul(node, constants, graph)
          : null;
    return quantized ?? { nodes: [node], constants: [], values: [] };
  });
  const added = parts.flatMap(({ constants: own }) => own);
  if (added.length === 0) {
    throw new UnsupportedError(
      `model "${graph.name}": expected LSTM or dense layers to keep in int8, got none; export in float32 or float16`,
    );
  }
  const nodes = parts.flatMap(({ nodes: own }) => own);
  const uses = nodes.some(({ domain }) => domain === microsoft);
  return {
    model: {
      ...model,
      opsets: uses ? { ...model.opsets, [microsoft]: 1 } : model.opsets,
      graph: {
        ...graph,
        nodes,
        initializers: [...stillTaken(graph, nodes), ...added],
        values: [...graph.values, ...parts.flatMap(({ values }) => values)],
      },
    },
    notes,
  };
}

/** The constants that a node still takes, also one inside another, or that are put out. */
function stillTaken({ initializers, outputs }: Graph, nodes: readonly Node[]): Tensor[] {
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

import type { Graph, Model, Node, Tensor, ValueInfo } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { halfToFloat } from '../artifacts/decodeWeight.ts';
import { floatToHalf } from './halfFloat.ts';

/** Elements below which the Cast node takes more bytes than it saves. */
const fewest = 64;

/** TensorProto.DataType.FLOAT. */
const float32Code = 1;

/**
 * Keeps constants as half floats that are half floats to the last bit, with a Cast to float32 beside each: what a model computes does
 * not change. Runtimes cast once, when they load the model.
 */
export function storeHalf(model: Model): Model {
  return { ...model, graph: storeInGraph(model.graph) };
}

function storeInGraph(graph: Graph): Graph {
  const casts: Node[] = [];
  const values: ValueInfo[] = [];
  const initializers = graph.initializers.map((tensor): Tensor => {
    const bits = halvesOf(tensor);
    if (bits === null) return tensor;
    const { name, dims } = tensor;
    const stored = `${name}:float16`;
    casts.push({
      name: `${name}/cast`,
      op: 'Cast',
      domain: '',
      inputs: [stored],
      outputs: [name],
      attributes: { to: attribute.int(float32Code) },
    });
    values.push({ name, type: 'float32', shape: dims });
    return { name: stored, type: 'float16', dims, data: bits };
  });
  return {
    ...graph,
    initializers,
    nodes: [...casts, ...graph.nodes.map(storeInNode)],
    values: [...graph.values, ...values],
  };
}

function storeInNode(node: Node): Node {
  const attributes = Object.entries(node.attributes).map(([name, value]) => [
    name,
    value.kind === 'graph' ? attribute.graph(storeInGraph(value.value)) : value,
  ]);
  return { ...node, attributes: Object.fromEntries(attributes) as Node['attributes'] };
}

/** The half floats that a constant is made of; null for one that is small or of other numbers. */
function halvesOf({ type, data }: Tensor): Uint16Array | null {
  if (type !== 'float32' || data.length < fewest) return null;
  const bits = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    bits[i] = floatToHalf(data[i]);
    if (halfToFloat(bits[i]) !== data[i]) return null;
  }
  return bits;
}

import { ConfigError } from '@onda/contract';
import type { Graph, Model, Node, Tensor, ValueInfo } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { floatToHalf, largestHalf } from '../artifacts/halfFloat.ts';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { halfToFloat, readWeights } from '../artifacts/weights.ts';

/** Weights as artifacts hold them, in float32. */
interface RoundedWeights {
  readonly weightSpecs: { name: string; shape: number[]; dtype: 'float32' }[];
  readonly weightData: ArrayBuffer;
}

/**
 * A model's weights, each rounded to a half float. Rounding comes before anything else, so that all that is made of the
 * weights (model.onnx, a generator with folded weights) agrees to the last bits.
 *
 * @throws ConfigError for a weight beyond the largest half float
 */
export function roundWeights(artifacts: LayersArtifacts): RoundedWeights {
  const weights = [...readWeights(artifacts).values()];
  // A new array: what is read may be the caller's own bytes.
  const whole = new Float32Array(weights.reduce((size, { data }) => size + data.length, 0));
  let offset = 0;
  for (const { name, data } of weights) {
    for (const value of data) {
      const rounded = halfToFloat(floatToHalf(value));
      if (!Number.isFinite(rounded)) {
        throw new ConfigError(
          `weight "${name}": expected values within +-${largestHalf}, as float16 holds them, got ${value}; export in float32`,
        );
      }
      whole[offset++] = rounded;
    }
  }
  const weightSpecs = weights.map(({ name, shape }) => ({
    name,
    shape: [...shape],
    dtype: 'float32' as const,
  }));
  return { weightSpecs, weightData: whole.buffer };
}

/** Elements below which the Cast node takes more bytes than it saves. */
const MIN_ELEMENTS = 64;

/** TensorProto.DataType.FLOAT. */
const FLOAT32_CODE = 1;

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
      attributes: { to: attribute.int(FLOAT32_CODE) },
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
  if (type !== 'float32' || data.length < MIN_ELEMENTS) return null;
  const bits = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    bits[i] = floatToHalf(data[i]);
    if (halfToFloat(bits[i]) !== data[i]) return null;
  }
  return bits;
}

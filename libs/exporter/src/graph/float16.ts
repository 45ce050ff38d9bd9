import { ConfigError } from '@onda/contract';
import type { Graph, Model, Node, Tensor, ValueInfo } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import { floatToHalf, halfToFloat, largestHalf } from '../artifacts/halfFloat.ts';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { readWeights } from '../artifacts/weights.ts';

/** The weights of model artifacts in float32. */
interface RoundedWeights {
  readonly weightSpecs: { name: string; shape: number[]; dtype: 'float32' }[];
  readonly weightData: ArrayBuffer;
}

/**
 * A model's weights, each rounded to a half float. Rounding comes first, so that everything computed from the
 * weights (model.onnx, a generator with folded weights) agrees.
 *
 * @param allowNan accepts weights that are not finite
 * @throws ConfigError for a weight beyond the largest half float
 */
export function roundWeights(artifacts: LayersArtifacts, allowNan = false): RoundedWeights {
  const weights = [...readWeights(artifacts, { allowNan }).values()];
  // A new array: the weights may be views of the caller's bytes.
  const whole = new Float32Array(weights.reduce((size, { data }) => size + data.length, 0));
  let offset = 0;
  for (const { name, data } of weights) {
    for (const value of data) {
      const rounded = halfToFloat(floatToHalf(value));
      if (!Number.isFinite(rounded) && Number.isFinite(value)) {
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

/** Tensors below this size would need more bytes for the Cast node than they save. */
const MIN_ELEMENTS = 64;

/** TensorProto.DataType.FLOAT. */
const FLOAT32_CODE = 1;

/**
 * Stores float32 initializers whose values are exact half floats as float16, each with a Cast to float32. The results do not change;
 * runtimes cast once, at load.
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

/** The tensor as half floats, or null for a small tensor or one with other values. */
function halvesOf({ type, data }: Tensor): Uint16Array | null {
  if (type !== 'float32' || data.length < MIN_ELEMENTS) return null;
  const bits = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    bits[i] = floatToHalf(data[i]);
    if (halfToFloat(bits[i]) !== data[i]) return null;
  }
  return bits;
}

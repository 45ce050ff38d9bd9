import { ModelError } from '@onda/contract';
import { readModel } from '@onda/onnx';
import type { Graph } from '@onda/onnx';

/** Inputs of operators whose values determine the dims of an output, by position. */
const dimInputs: Readonly<Record<string, readonly number[]>> = {
  AffineGrid: [1],
  BlackmanWindow: [0],
  CenterCropPad: [1],
  Col2Im: [1, 2],
  ConstantOfShape: [0],
  DFT: [1],
  Expand: [1],
  HammingWindow: [0],
  HannWindow: [0],
  MaxUnpool: [2],
  MelWeightMatrix: [0, 1],
  OneHot: [1],
  Pad: [1],
  Range: [0, 1, 2],
  Resize: [2, 3],
  STFT: [1, 3],
  Tile: [1],
  Upsample: [1],
};

/** Larger models have no runs on the main thread anyway, and decoding them would take long. */
const MAX_BYTES = 1024 * 1024;

/** Outputs that depend on the dims of the inputs, not on their values. */
const dimOperators: ReadonlySet<string> = new Set(['Shape', 'Size']);

/**
 * Whether the duration of a model's runs depends only on the dims of its inputs: no values of the inputs determine dims inside the graph,
 * and no part of the graph is run conditionally or repeatedly.
 *
 * @returns false for a file of more than 1 MiB, one that `readModel` does not support, and for operators of other domains than ONNX's own
 */
export function hasPredictableRuns(file: Uint8Array): boolean {
  if (file.byteLength > MAX_BYTES) return false;
  let graph: Graph;
  try {
    ({ graph } = readModel(file));
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
  /** Tensors with values that depend on values of the inputs. */
  const dependent = new Set(graph.inputs.map(({ name }) => name));
  for (const { op, domain, inputs, outputs, attributes } of graph.nodes) {
    if (domain !== '' && domain !== 'ai.onnx') return false;
    if (Object.values(attributes).some(({ kind }) => kind === 'graph')) return false;
    const isDependent = (name: string | undefined): boolean => name !== undefined && dependent.has(name);
    if (Object.hasOwn(dimInputs, op) && dimInputs[op].some((at) => isDependent(inputs.at(at)))) return false;
    if (dimOperators.has(op) || !inputs.some(isDependent)) continue;
    for (const output of outputs) dependent.add(output);
  }
  return true;
}

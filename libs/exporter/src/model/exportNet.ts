import type { Sampling, Scaler, TensorLists } from '@onda/contract';
import { ConfigError, samplingBlocks } from '@onda/contract';
import type { Graph, Model } from '@onda/onnx';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { exportGenerator } from '../generator/exportGenerator.ts';
import { netGeneratorGraph } from '../generator/netGenerator.ts';
import { sequenceGraph } from './netGraph.ts';
import { exporterVersion, makeModel, tensorSpecs } from './onnxModel.ts';
import type { Precision } from './precision.ts';
import { artifactsIn, modelIn } from './precision.ts';
import type { NetSpec } from './readNet.ts';
import { readNet, stateRows } from './readNet.ts';
import { checkScaler } from './scaling.ts';
import type { StateLayout, StatePacking } from './states.ts';
import { stateLayout } from './states.ts';

export interface ExportNetOptions {
  /** How many samples ahead y is of x. */
  readonly lag: number;
  /** Goes into the graph: values come and go in the data's own units. */
  readonly scaler: Scaler;
  /** How the generator draws values from the outputs; null, as when left out: the outputs are the values. */
  readonly sampling?: Sampling | null;
  /** How the states go in and out: `row`, the usual and what the contract names, or `separate`, each a tensor of its own. */
  readonly states?: StatePacking;
  /** 14 to 21; 17 when left out. */
  readonly opset?: number;
  /**
   * In what numbers the files keep the weights: float32, the usual, float16, or int8, which is for model.onnx alone: the generator's
   * weights stay float32.
   */
  readonly precision?: Precision;
  /** Version of what exports, for the file's producer field; the exporter's own when left out. */
  readonly producerVersion?: string;
}

export interface ExportedNet {
  readonly model: Model;
  /** Null when the outputs are not as many as the features, so that none can be fed back. */
  readonly generator: Model | null;
  readonly spec: NetSpec;
  readonly state: StateLayout;
  readonly tensors: { model: TensorLists; generator: TensorLists | null };
  /** What is larger than it could be, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Exports an Onda net: model.onnx and generator.onnx as graph objects, and what the manifest says of them.
 *
 * @throws UnsupportedError for a model that is not an Onda net, ModelError for a damaged one, ConfigError for options that do not fit
 */
export function exportNet(artifacts: LayersArtifacts, options: ExportNetOptions): ExportedNet {
  const { lag, scaler, sampling = null, states = 'row', precision = 'float32', opset } = options;
  const { producerVersion = exporterVersion } = options;
  if (!Number.isSafeInteger(lag) || lag < 1) {
    throw new ConfigError(
      `lag: expected a whole number of at least 1, got ${lag}; say how many samples ahead y is of x`,
    );
  }
  if (sampling !== null && precision === 'int8') {
    throw new ConfigError(
      `precision: expected float32 or float16 of a net whose values are drawn, got int8, which its generator would not have; take one of them`,
    );
  }
  const held = artifactsIn(artifacts, precision);
  const net = readNet(held);
  const { features, outputs } = net.spec;
  const common = { lag, scaler, states, producerVersion, ...(opset !== undefined && { opset }) };
  // It says what is wrong with outputs that no value can be drawn from.
  const drawn = sampling === null ? null : exportGenerator(held, { ...common, sampling }).model;
  checkScaler(scaler, features, outputs / samplingBlocks(sampling));
  const model = (graph: Graph): Model => makeModel(graph, { opset, producerVersion });
  const state = stateLayout(stateRows(net), states);
  const { model: sequence, notes } = modelIn(model(sequenceGraph(net, scaler, state, sampling)), precision);
  const plain = (): Model | null =>
    outputs === features ? model(netGeneratorGraph(net, scaler, lag, state)) : null;
  const looped = drawn ?? plain();
  const generator = looped && precision === 'float16' ? modelIn(looped, precision).model : looped;
  return {
    model: sequence,
    generator,
    spec: net.spec,
    state,
    tensors: { model: tensorSpecs(sequence.graph), generator: generator && tensorSpecs(generator.graph) },
    warnings: notes,
  };
}

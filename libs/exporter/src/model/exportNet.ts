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
  /** How many samples y is ahead of x. */
  readonly lag: number;
  /** Goes into the graph: values are in data units. */
  readonly scaler: Scaler;
  /** How the generator draws values from the outputs; null, the default: the outputs are the values. */
  readonly sampling?: Sampling | null;
  /** `row`, the default and the contract's form: all states in one tensor. `separate`: one tensor for each state. */
  readonly states?: StatePacking;
  /** 14 to 21; 17 by default. */
  readonly opset?: number;
  /**
   * How the files store weights: float32 (default), float16, or int8, which applies to model.onnx alone: the generator
   * stays float32.
   */
  readonly precision?: Precision;
  /** Accepts weights that are NaN or infinite. */
  readonly allowNan?: boolean;
  /** Producer version in the file; the exporter's version by default. */
  readonly producerVersion?: string;
}

export interface ExportedNet {
  readonly model: Model;
  /** Null when outputs and features differ in number, so that none can be fed back. */
  readonly generator: Model | null;
  readonly spec: NetSpec;
  readonly state: StateLayout;
  readonly tensors: { model: TensorLists; generator: TensorLists | null };
  /** Sentences on parts that stay large. */
  readonly warnings: readonly string[];
}

/**
 * Exports an Onda net: model.onnx and generator.onnx as graph objects, with the manifest's entries.
 *
 * @throws UnsupportedError for a model that is not an Onda net, ModelError for a damaged one, ConfigError for invalid options
 */
export function exportNet(artifacts: LayersArtifacts, options: ExportNetOptions): ExportedNet {
  const {
    lag,
    scaler,
    sampling = null,
    states = 'row',
    precision = 'float32',
    opset,
    allowNan = false,
  } = options;
  const { producerVersion = exporterVersion } = options;
  if (!Number.isSafeInteger(lag) || lag < 1) {
    throw new ConfigError(
      `lag: expected a whole number of at least 1, got ${lag}; say how many samples ahead y is of x`,
    );
  }
  if (sampling !== null && precision === 'int8') {
    throw new ConfigError(
      `precision: expected float32 or float16 for a net with sampling, got int8, which its generator does not support; use one of them`,
    );
  }
  const held = artifactsIn(artifacts, precision, allowNan);
  const net = readNet(held, options);
  const { features, outputs } = net.spec;
  const common = { lag, scaler, states, allowNan, producerVersion, ...(opset !== undefined && { opset }) };
  // It has the error texts for outputs that do not fit the sampling.
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

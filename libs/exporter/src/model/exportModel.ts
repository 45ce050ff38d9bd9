import { providerNotes } from '@onda/onnx';
import type { Model } from '@onda/onnx';
import { writeModel } from '@onda/onnx';
import { exporterVersion } from '../version.ts';
import type { LayersArtifacts } from '../artifacts/artifacts.ts';
import { readTopology } from '../artifacts/readTopology.ts';
import { readWeights } from '../artifacts/readWeights.ts';
import { artifactsIn, modelIn } from '../precision/applyPrecision.ts';
import type { Precision } from '../precision/precision.ts';
import { makeModel, opsets } from './makeModel.ts';
import { modelGraph, recordStates } from './modelGraph.ts';
import type { StateLayout, StatePacking } from './stateTensors.ts';
import { stateLayout } from './stateTensors.ts';

export interface ExportModelOptions {
  /** 14 to 21; 17 when left out. */
  readonly opset?: number;
  /**
   * Makes the states of recurrent layers inputs and outputs, so that a sequence can come in pieces; zeros start one. false when left
   * out.
   */
  readonly stateful?: boolean;
  /**
   * How: `row`, the usual, in `state_in` and `state_out` [batch, state], one row a sequence; or `separate`, each as a tensor
   * [batch, units] of its own, `state_in_00_h`, `state_out_00_h` and so on.
   */
  readonly states?: StatePacking;
  /** In what numbers the file keeps the weights: float32, the usual, float16 or int8. */
  readonly precision?: Precision;
  /** Takes weights that are not a number or infinite as they are, which is refused otherwise. */
  readonly allowNan?: boolean;
  /** Version of what exports, for the file's producer field; the exporter's own when left out. */
  readonly producerVersion?: string;
}

export interface ExportedModel {
  readonly model: Model;
  /** The ONNX file. It is encoded when it is first asked for. */
  readonly bytes: Uint8Array;
  /** Where the states come in and go out; null when the export is not stateful. */
  readonly state: StateLayout | null;
  /** What runs slower or is larger than it could, and where a backend of TensorFlow.js gives other values than TensorFlow, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Exports a TensorFlow.js layers model. Inputs and outputs keep their names and order; a dim that the model leaves open is `batch`,
 * `time`, or named by its input.
 *
 * @throws UnsupportedError for a layer or option that ONNX cannot say, ModelError for a damaged model, ConfigError for a wrong option
 */
export function exportModel(artifacts: LayersArtifacts, options: ExportModelOptions = {}): ExportedModel {
  const { opset = opsets.usual, stateful = false, states = 'row', precision = 'float32' } = options;
  const topology = readTopology(artifacts.modelTopology);
  const weights = readWeights(artifactsIn(artifacts, precision), options);
  const plan = { topology, weights, opset };
  const state = stateful ? stateLayout(recordStates(plan).rows, states) : null;
  const layerNotes = new Set<string>();
  const graph = modelGraph({ ...plan, note: (text) => layerNotes.add(text) }, state);
  const { model, notes } = modelIn(
    makeModel(graph, { producerVersion: exporterVersion, ...options, opset }),
    precision,
  );
  const warnings = providerNotes({ graph, opsets: model.opsets }).map(({ text }) => text);
  let bytes: Uint8Array | undefined;
  return {
    model,
    state,
    warnings: [...layerNotes, ...warnings, ...notes],
    get bytes() {
      return (bytes ??= writeModel(model));
    },
  };
}

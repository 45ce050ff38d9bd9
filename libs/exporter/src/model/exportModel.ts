import { ModelError, tensorNames } from '@onda/contract';
import type { Graph, Model } from '@onda/onnx';
import { providerNotes, writeModel } from '@onda/onnx';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import type { Topology } from '../artifacts/topology.ts';
import { readTopology } from '../artifacts/topology.ts';
import type { Weight } from '../artifacts/weights.ts';
import { readWeights } from '../artifacts/weights.ts';
import { UnsupportedError } from '../errors.ts';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import { convertTopology } from './convertModel.ts';
import { exporterVersion, makeModel, opsets } from './onnxModel.ts';
import type { Precision } from './precision.ts';
import { artifactsIn, modelIn } from './precision.ts';
import type { StateLayout, StatePacking } from './states.ts';
import { StatePorts, StateRecorder, noStates, stateLayout, stateTensors } from './states.ts';
import { graphInputs } from './timing.ts';

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

/** What a graph is made of. */
export interface ModelPlan {
  readonly topology: Topology;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly opset: number;
  /** Takes a sentence on what a person should know of a layer's values. */
  readonly note?: (text: string) => void;
}

/** The graph of a model, with its states as inputs and outputs when a layout of them is given. */
function modelGraph(plan: ModelPlan, layout: StateLayout | null): Graph {
  const { topology } = plan;
  const outputs = outputNames(topology);
  const states = layout === null ? [] : stateTensors(layout);
  checkNames(topology, outputs, states);
  const builder = new GraphBuilder(topology.name, [...outputs, ...states.map(({ output }) => output)]);
  const inputs = graphInputs(builder, topology, layout !== null);
  const kept = layout === null ? null : new StatePorts(builder, layout);
  const signals = convertTopology({ builder, ...plan, states: kept ?? noStates }, topology, inputs);
  signals.forEach(({ value }, index) => {
    builder.output(outputs[index], builder.inLayout(value, false));
  });
  kept?.putOut();
  return builder.build();
}

/**
 * Which states the layers of a model have: what a conversion asks for.
 *
 * @throws UnsupportedError when there are none
 */
function recordStates({ topology, weights, opset }: ModelPlan): StateRecorder {
  const recorder = new StateRecorder();
  const builder = new GraphBuilder(topology.name, outputNames(topology));
  const inputs = graphInputs(builder, topology, true);
  convertTopology({ builder, weights, opset, states: recorder }, topology, inputs);
  if (recorder.rows.length === 0) {
    throw new UnsupportedError(
      `model "${topology.name}": expected recurrent layers to keep the state of, got none; export without stateful`,
    );
  }
  return recorder;
}

/** Names of a model's outputs: those of their layers, numbered where a layer has more than one or is an input too. */
function outputNames({ inputs, outputs }: Topology): string[] {
  const taken = inputs.map(({ layer }) => layer);
  return outputs.map(({ layer }) => {
    const same = taken.filter((name) => name === layer).length;
    taken.push(layer);
    return same === 0 ? layer : `${layer}:${same}`;
  });
}

function checkNames(
  { inputs }: Topology,
  outputs: readonly string[],
  states: readonly { input: string; output: string }[],
): void {
  // The contract's names mean packed states in every model, also in one without.
  const { stateIn, stateOut } = tensorNames;
  const taken = new Set<string>([stateIn, stateOut]);
  for (const { input, output } of states) taken.add(input).add(output);
  for (const name of [...inputs.map(({ layer }) => layer), ...outputs]) {
    if (taken.has(name)) {
      throw new ModelError(
        `tensor "${name}": expected inputs and outputs of different names, got it twice; rename the layer`,
      );
    }
    taken.add(name);
  }
}

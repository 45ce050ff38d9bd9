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
  /** 14 to 21; 17 by default. */
  readonly opset?: number;
  /** Makes the states of recurrent layers inputs and outputs, so that a sequence can come in pieces; zeros start one. false by default. */
  readonly stateful?: boolean;
  /**
   * `row`, the default: `state_in` and `state_out` [batch, state]. `separate`: one tensor
   * [batch, units] for each state, `state_in_00_h`, `state_out_00_h` and so on.
   */
  readonly states?: StatePacking;
  /** How the file stores weights: float32 (default), float16 or int8. */
  readonly precision?: Precision;
  /** Accepts weights that are NaN or infinite. */
  readonly allowNan?: boolean;
  /** Producer version in the file; the exporter's version by default. */
  readonly producerVersion?: string;
}

export interface ExportedModel {
  readonly model: Model;
  /** The ONNX file, encoded on first access. */
  readonly bytes: Uint8Array;
  /** The state inputs and outputs; null without `stateful`. */
  readonly state: StateLayout | null;
  /** Sentences on slow or large parts, and on values where TensorFlow.js's backends differ from TensorFlow. */
  readonly warnings: readonly string[];
}

/**
 * Exports a TensorFlow.js layers model. Inputs and outputs keep their names and order. Open dims are named `batch`,
 * `time`, or after their input.
 *
 * @throws UnsupportedError for a layer or option that ONNX cannot express, ModelError for a damaged model, ConfigError for invalid options
 */
export function exportModel(artifacts: LayersArtifacts, options: ExportModelOptions = {}): ExportedModel {
  const { opset = opsets.default, stateful = false, states = 'row', precision = 'float32' } = options;
  const topology = readTopology(artifacts.modelTopology);
  const weights = readWeights(artifactsIn(artifacts, precision, options.allowNan ?? false), options);
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

/** The inputs of a graph. */
export interface ModelPlan {
  readonly topology: Topology;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly opset: number;
  /** Adds a warning on a layer's values. */
  readonly note?: (text: string) => void;
}

/** The graph of a model; with a layout its states are inputs and outputs. */
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
  kept?.emitOutputs();
  return builder.build();
}

/**
 * Collects the states of a model's layers by a trial conversion.
 *
 * @throws UnsupportedError for a model without state
 */
function recordStates({ topology, weights, opset }: ModelPlan): StateRecorder {
  const recorder = new StateRecorder();
  const builder = new GraphBuilder(topology.name, outputNames(topology));
  const inputs = graphInputs(builder, topology, true);
  convertTopology({ builder, weights, opset, states: recorder }, topology, inputs);
  if (recorder.rows.length === 0) {
    throw new UnsupportedError(
      `model "${topology.name}": expected recurrent layers, whose state to keep, got none; export without stateful`,
    );
  }
  return recorder;
}

/** Output names: the layers' names, numbered where a layer has several outputs or is also an input. */
function outputNames({ inputs, outputs }: Topology): string[] {
  const taken = new Map<string, number>();
  const take = (layer: string): number => {
    const before = taken.get(layer) ?? 0;
    taken.set(layer, before + 1);
    return before;
  };
  for (const { layer } of inputs) take(layer);
  return outputs.map(({ layer }) => {
    const same = take(layer);
    return same === 0 ? layer : `${layer}:${same}`;
  });
}

function checkNames(
  { inputs }: Topology,
  outputs: readonly string[],
  states: readonly { input: string; output: string }[],
): void {
  // These names mean packed states in every model, so none may take them.
  const { stateIn, stateOut } = tensorNames;
  const taken = new Set<string>([stateIn, stateOut]);
  for (const { input, output } of states) taken.add(input).add(output);
  for (const name of [...inputs.map(({ layer }) => layer), ...outputs]) {
    if (taken.has(name)) {
      throw new ModelError(
        `tensor "${name}": expected unique names of inputs and outputs, got it twice; rename the layer`,
      );
    }
    taken.add(name);
  }
}

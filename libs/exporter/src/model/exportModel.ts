import type { StateRow } from '@onda/contract';
import { ModelError, tensorNames } from '@onda/contract';
import type { ElementType, Model } from '@onda/onnx';
import type { LayersArtifacts } from '../artifacts/artifacts.ts';
import { listAt } from '../artifacts/json.ts';
import { readTopology } from '../artifacts/readTopology.ts';
import type { Weight } from '../artifacts/readWeights.ts';
import { readWeights } from '../artifacts/readWeights.ts';
import type { Topology } from '../artifacts/topology.ts';
import { UnsupportedError } from '../errors.ts';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Dim, Value } from '../graph/value.ts';
import { convertTopology } from './convertTopology.ts';
import { makeModel, opsets } from './makeModel.ts';
import { PackedStates, StateRecorder } from './packedStates.ts';
import { providerWarnings } from './providerWarnings.ts';
import type { StateKeeper } from './stateKeeper.ts';
import { noStates } from './stateKeeper.ts';

export interface ExportModelOptions {
  /** 14 to 21; 17 when left out. */
  readonly opset?: number;
  /** Makes the states of recurrent layers an input `state_in` and an output `state_out`, [batch, state], so that a sequence can come in pieces. */
  readonly stateful?: boolean;
  /** Version of what exports, for the file's producer field. */
  readonly producerVersion: string;
}

export interface ExportedModel {
  readonly model: Model;
  /** How the states lie in the state row; null when the export is not stateful. */
  readonly state: { size: number; rows: StateRow[] } | null;
  /** What runs slower than it could, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Exports a TensorFlow.js layers model. Inputs and outputs keep their names and order; a dim that the model leaves open is `batch`,
 * `time`, or named by its input.
 *
 * @throws UnsupportedError for a layer or option that ONNX cannot say, ModelError for a damaged model, ConfigError for a wrong option
 */
export function exportModel(artifacts: LayersArtifacts, options: ExportModelOptions): ExportedModel {
  const { opset = opsets.usual, stateful = false, producerVersion } = options;
  const topology = readTopology(artifacts.modelTopology);
  const weights = readWeights(artifacts);
  const plan = { topology, weights, opset };
  let state: ExportedModel['state'] = null;
  if (stateful) {
    const recorder = new StateRecorder();
    build(plan, () => recorder);
    if (recorder.rows.length === 0) {
      throw new UnsupportedError(
        `model "${topology.name}": expected recurrent layers to keep the state of, got none; export without stateful`,
      );
    }
    state = { size: recorder.size, rows: recorder.rows };
  }
  const graph = build(plan, (builder) => {
    if (state === null) return noStates;
    const row = builder.input(tensorNames.stateIn, 'float32', ['batch', state.size]);
    return new PackedStates(builder, state.rows, row);
  });
  const model = makeModel(graph, { opset, producerVersion });
  return { model, state, warnings: providerWarnings(graph) };
}

interface Plan {
  readonly topology: Topology;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly opset: number;
}

function build(
  { topology, weights, opset }: Plan,
  statesOf: (builder: GraphBuilder) => StateKeeper,
): Model['graph'] {
  const outputs = outputNames(topology);
  checkNames(topology, outputs);
  const builder = new GraphBuilder(topology.name, [...outputs, tensorNames.stateOut]);
  const inputs = graphInputs(builder, topology);
  const states = statesOf(builder);
  const values = convertTopology({ builder, weights, opset, states }, topology, inputs);
  values.forEach((value, index) => {
    builder.output(outputs[index], builder.inLayout(value, false));
  });
  if (states instanceof PackedStates) builder.output(tensorNames.stateOut, states.pack());
  return builder.build();
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

function checkNames({ inputs }: Topology, outputs: readonly string[]): void {
  const taken = new Set<string>([tensorNames.stateIn, tensorNames.stateOut]);
  for (const name of [...inputs.map(({ layer }) => layer), ...outputs]) {
    if (taken.has(name)) {
      throw new ModelError(
        `tensor "${name}": expected inputs and outputs of different names, got it twice; rename the layer`,
      );
    }
    taken.add(name);
  }
}

const elementTypes = new Map<string, ElementType>([
  ['float32', 'float32'],
  ['int32', 'int32'],
]);

function graphInputs(builder: GraphBuilder, { layers, inputs }: Topology): Value[] {
  const names = new Set<Dim>();
  return inputs.map(({ layer: name }) => {
    const config = layers.find((layer) => layer.name === name)?.config;
    const where = `layer "${name}"`;
    const given = listAt(
      config?.['batch_input_shape'] ?? config?.['batch_shape'],
      `${where}: batch_input_shape`,
    );
    const dtype = config?.['dtype'] ?? 'float32';
    const type = typeof dtype === 'string' ? elementTypes.get(dtype) : undefined;
    if (type === undefined) {
      throw new UnsupportedError(
        `${where}: inputs of type ${JSON.stringify(dtype)} are not supported; take float32 or int32`,
      );
    }
    const shape = given.map((dim, axis): Dim => {
      if (axis === 0) return 'batch';
      if (typeof dim === 'number') return dim;
      // Two inputs may be of different lengths, so only the first can be simply "time".
      if (axis === 1 && !names.has('time')) return 'time';
      return axis === 1 ? `${name}/time` : `${name}/dim:${axis}`;
    });
    for (const dim of shape) names.add(dim);
    return builder.input(name, type, shape);
  });
}

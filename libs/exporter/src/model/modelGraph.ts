import { ModelError, tensorNames } from '@onda/contract';
import type { Graph } from '@onda/onnx';
import type { Weight } from '../artifacts/readWeights.ts';
import type { Topology } from '../artifacts/topology.ts';
import { UnsupportedError } from '../errors.ts';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import { convertTopology } from './convertTopology.ts';
import { graphInputs } from './graphInputs.ts';
import { KeptStates } from './keptStates.ts';
import { StateRecorder } from './stateRecorder.ts';
import { noStates } from './stateKeeper.ts';
import type { StateLayout } from './stateTensors.ts';
import { stateTensors } from './stateTensors.ts';

/** What a graph is made of. */
export interface ModelPlan {
  readonly topology: Topology;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly opset: number;
  /** Takes a sentence on what a person should know of a layer's values. */
  readonly note?: (text: string) => void;
}

/** The graph of a model, with its states as inputs and outputs when a layout of them is given. */
export function modelGraph(plan: ModelPlan, layout: StateLayout | null): Graph {
  const { topology } = plan;
  const outputs = outputNames(topology);
  const states = layout === null ? [] : stateTensors(layout);
  checkNames(topology, outputs, states);
  const builder = new GraphBuilder(topology.name, [...outputs, ...states.map(({ output }) => output)]);
  const inputs = graphInputs(builder, topology, layout !== null);
  const kept = layout === null ? null : new KeptStates(builder, layout);
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
export function recordStates({ topology, weights, opset }: ModelPlan): StateRecorder {
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

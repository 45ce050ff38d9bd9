import { describe, expect, it } from 'vitest';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { exportModel } from './exportModel.ts';

type Json = Record<string, unknown>;

/** Calls of the config's `layers`, by the name of the model. */
type Reads = Map<string, number>;

const input = (): Json => ({
  class_name: 'InputLayer',
  name: 'x',
  config: { name: 'x', batch_input_shape: [null, 2] },
  inbound_nodes: [],
});

/** A model `f<depth>` that calls `f<depth - 1>` twice in sequence; `f0` has one activation. */
function modelConfig(depth: number, reads: Reads): Json {
  const inner =
    depth === 0
      ? { class_name: 'Activation', name: 'relu', config: { name: 'relu', activation: 'relu' } }
      : { class_name: 'Model', name: `f${depth - 1}`, config: modelConfig(depth - 1, reads) };
  const { name } = inner;
  // References to the calls of a nested model start at 1.
  const first = depth === 0 ? 0 : 1;
  const inbound_nodes = depth === 0 ? [[['x', 0, 0, {}]]] : [[['x', 0, 0, {}]], [[name, first, 0, {}]]];
  const layers = [input(), { ...inner, inbound_nodes }];
  const config = {
    name: `f${depth}`,
    input_layers: [['x', 0, 0]],
    output_layers: [[name, depth === 0 ? 0 : 2, 0]],
  };
  return Object.defineProperty(config, 'layers', {
    enumerable: true,
    get: () => {
      reads.set(config.name, (reads.get(config.name) ?? 0) + 1);
      return layers;
    },
  });
}

function artifactsOf(depth: number, reads: Reads): LayersArtifacts {
  return {
    modelTopology: { class_name: 'Model', config: modelConfig(depth, reads) },
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
  };
}

describe('a model that calls nested models repeatedly', () => {
  it('reads each nested model once', () => {
    const reads: Reads = new Map();
    const { model } = exportModel(artifactsOf(8, reads));
    expect(model.graph.nodes.filter(({ op }) => op === 'Relu')).toHaveLength(2 ** 8);
    reads.delete('f8');
    expect(Object.fromEntries(reads)).toEqual(
      Object.fromEntries(Array.from({ length: 8 }, (_, depth) => [`f${depth}`, 1])),
    );
  });

  it.each([13, 40])('is rejected at depth %i, before the graph doubles with each level', (depth) => {
    expect(() => exportModel(artifactsOf(depth, new Map()))).toThrow(
      /^layer "f\d+": expected repeated calls of nested models to add at most 20000 layers, got more; call nested models less often, or export them separately$/,
    );
  });
});

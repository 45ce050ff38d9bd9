import '@tensorflow/tfjs-backend-cpu';
// The orthogonal initializer of recurrent layers calls methods of tensors.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { input, layers, model } from '@tensorflow/tfjs-layers';
import { randomizeWeights } from '../support/tfjsModel.ts';
import type { LayerPlan, ModelPlan } from './modelPlan.ts';

interface Layer {
  apply(values: SymbolicTensor | SymbolicTensor[]): SymbolicTensor | SymbolicTensor[];
}

const factories = layers as unknown as Readonly<Record<string, (config: unknown) => Layer>>;

function isPlan(value: unknown): value is LayerPlan {
  return typeof value === 'object' && value !== null && 'kind' in value && 'config' in value;
}

/** A layer or cell, and those that its options hold. */
function makeLayer({ kind, config }: LayerPlan): Layer {
  const made = (value: unknown): unknown => {
    if (isPlan(value)) return makeLayer(value);
    return Array.isArray(value) ? value.map(made) : value;
  };
  return factories[kind](
    Object.fromEntries(Object.entries(config).map(([key, value]) => [key, made(value)])),
  );
}

/** The model in TensorFlow.js, its weights drawn from the plan's seed; its outputs are the values that no call takes. */
export function buildModel(plan: ModelPlan): LayersModel {
  const inputs = plan.inputs.map(({ shape }) => input({ shape: [...shape] }));
  const values: SymbolicTensor[] = [...inputs];
  plan.calls.forEach(({ layer, from, results }, index) => {
    const taken = from.map((value) => values[value]);
    const named = { kind: layer.kind, config: { ...layer.config, name: `layer_${index}` } };
    const given = makeLayer(named).apply(taken.length === 1 ? taken[0] : taken);
    const list = Array.isArray(given) ? given : [given];
    if (list.length !== results)
      throw new Error(`${layer.kind}: the plan says ${results} results, TensorFlow.js gives ${list.length}`);
    values.push(...list);
  });
  const used = new Set(plan.calls.flatMap(({ from }) => from));
  const outputs = values.filter((_, index) => !used.has(index));
  const built = model({ inputs, outputs });
  randomizeWeights(built, plan.seed);
  return built;
}

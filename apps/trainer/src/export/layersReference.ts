import { ModelError } from '@onda/contract';
import { ensureRecurrentKernels, registerLayers } from '@onda/nets';
import { openBackend } from '@onda/tfjs-native';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel as TfjsModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '../fit/artifacts.ts';
import type { Values } from './values.ts';

/** What an input of a model takes. */
export interface InputKind {
  /** null where a dim is open. */
  readonly dims: readonly (number | null)[];
  /** Of words, or other whole numbers: all lie below it. Null: any numbers. */
  readonly below: number | null;
}

/** A layers model in TensorFlow.js: what an exported file is held against. */
export interface LayersReference {
  readonly inputs: readonly InputKind[];
  /** Runs the model on sequences from their start. */
  run(inputs: readonly Values[]): Values[];
  dispose(): void;
}

/** Whole numbers for an input of such a type that no Embedding takes. */
const anyWhole = 10;

/**
 * Loads a layers model into TensorFlow.js's own JavaScript backend, which starts faster than a native one.
 *
 * @throws ModelError when TensorFlow.js does not take the model
 */
export async function createLayersReference(artifacts: LayersModel): Promise<LayersReference> {
  registerLayers();
  await openBackend({ want: 'cpu' });
  ensureRecurrentKernels();
  const { weightSpecs, weightData } = artifacts;
  const modelTopology = withoutInitializers(artifacts.modelTopology);
  const model = await loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData })).catch(
    (cause: unknown) => {
      throw new ModelError(
        `model: TensorFlow.js cannot load it to compare with: ${cause instanceof Error ? cause.message : String(cause)}; mend the model, or export it with --no-verify`,
        { cause },
      );
    },
  );
  return {
    inputs: model.inputs.map((input) => ({
      dims: input.shape,
      below: wordsBelow(model.layers, input) ?? (input.dtype === 'int32' ? anyWhole : null),
    })),
    run: (inputs) => run(model, inputs),
    dispose: () => {
      model.dispose();
    },
  };
}

/**
 * The topology with zeros for all start weights: the saved ones replace them at once, and the orthogonal initializer of recurrent
 * layers takes long and calls methods of tensors, which TensorFlow.js's build for Node does not have.
 */
function withoutInitializers(topology: object): object {
  const zeros = { class_name: 'Zeros', config: {} };
  const text = JSON.stringify(topology, (key, value: unknown) =>
    key.endsWith('_initializer') && value !== null ? zeros : value,
  );
  return JSON.parse(text) as object;
}

function run(model: TfjsModel, inputs: readonly Values[]): Values[] {
  return tf.tidy(() => {
    model.resetStates();
    const given = inputs.map(({ dims, data }, index) =>
      tf.cast(tf.tensor(data, [...dims], 'float32'), model.inputs[index].dtype),
    );
    const results = model.predictOnBatch(given.length === 1 ? given[0] : given);
    return (Array.isArray(results) ? results : [results]).map((result) => ({
      dims: result.shape,
      data: Float32Array.from(result.dataSync()),
    }));
  });
}

/** Layers that hand on the numbers that they take. */
const passing = new Set(['Flatten', 'Masking', 'Permute', 'RepeatVector', 'Reshape']);

/** Of an input that holds words: how many the smallest Embedding that takes it knows; null for one that does not. */
function wordsBelow(layers: TfjsModel['layers'], tensor: SymbolicTensor): number | null {
  const found = layers.flatMap((layer) => {
    const {
      inputDim,
      layer: wrapped,
      layers: own,
      inputs,
    } = layer as Partial<TfjsModel> & {
      inputDim?: number;
      layer?: { inputDim?: number };
    };
    const words = inputDim ?? wrapped?.inputDim;
    return layer.inboundNodes.flatMap(({ inputTensors, outputTensors }) => {
      const index = inputTensors.indexOf(tensor);
      if (index < 0) return [];
      if (words !== undefined) return [words];
      if (own !== undefined && inputs !== undefined) return wordsBelow(own, inputs[index]) ?? [];
      return passing.has(layer.getClassName()) ? (wordsBelow(layers, outputTensors[0]) ?? []) : [];
    });
  });
  return found.length === 0 ? null : Math.min(...found);
}

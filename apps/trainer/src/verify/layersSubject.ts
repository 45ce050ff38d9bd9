import { ModelError } from '@onda/contract';
import type { Manifest } from '@onda/contract';
import { registerLayers } from '@onda/nets';
import { floatTensor } from '@onda/runtime';
import { cast, io, tensor, tidy } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Floats, Range, Subject } from './subject.ts';
import { ownTensors } from './subject.ts';

/** Uniform in +-2: where gates and activations are neither linear nor flat. */
const usualRange: Range = { center: [0], spread: [2] };

/** Whole numbers for an input of such a type that no Embedding layer takes. */
const anyWhole = 10;

/**
 * A TensorFlow.js layers model of any make. Its inputs and outputs are the file's, in their order. An input that goes into an Embedding
 * layer takes words, others numbers.
 *
 * @throws ModelError where TensorFlow.js cannot load the model, or it has not the inputs and outputs that the manifest lists
 */
export async function layersSubject(
  artifacts: io.ModelArtifacts,
  manifest: Manifest,
): Promise<Subject & { dispose(): void }> {
  registerLayers();
  const model = await load(artifacts, manifest.name);
  const { inputs, outputs } = ownTensors(manifest);
  if (inputs.length !== model.inputs.length || outputs.length !== model.outputs.length) {
    throw new ModelError(
      `model "${manifest.name}": expected a source of ${inputs.length} inputs and ${outputs.length} outputs, got ${model.inputs.length} and ${model.outputs.length}; give the model that was exported`,
    );
  }
  return {
    manifest,
    inputs: inputs.map((input, index) => ({ ...input, range: rangeOf(model, model.inputs[index]) })),
    outputs,
    run(feeds) {
      let values: Floats = {};
      tidy(() => {
        // One that keeps its states from call to call starts from zeros, as the file does.
        model.resetStates();
        const given = model.predict(
          inputs.map(({ name }, index) =>
            cast(tensor(feeds[name].data, [...feeds[name].dims], 'float32'), model.inputs[index].dtype),
          ),
          { batchSize: feeds[inputs[0].name].dims[0] },
        );
        const results = Array.isArray(given) ? given : [given];
        values = Object.fromEntries(
          results.map((result, index) => [
            outputs[index].name,
            floatTensor(result.shape, Float32Array.from(result.dataSync())),
          ]),
        );
      });
      return values;
    },
    dispose: () => {
      model.dispose();
    },
  };
}

async function load(artifacts: io.ModelArtifacts, name: string): Promise<LayersModel> {
  try {
    return await loadLayersModel(io.fromMemory(withoutInitializers(artifacts)));
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1);
    throw new ModelError(
      `model "${name}": expected a source that TensorFlow.js loads, got "${reason}"; give the model.json that was exported`,
      { cause },
    );
  }
}

/**
 * The model with zeros for all start weights: the saved ones replace them at once, and the orthogonal initializer of recurrent layers
 * takes long and calls methods of tensors, which TensorFlow.js's build for Node does not have.
 */
function withoutInitializers(artifacts: io.ModelArtifacts): io.ModelArtifacts {
  const zeros = { class_name: 'Zeros', config: {} };
  const text = JSON.stringify(artifacts.modelTopology, (key, value: unknown) =>
    key.endsWith('_initializer') && value !== null ? zeros : value,
  );
  return { ...artifacts, modelTopology: JSON.parse(text) as object };
}

/** Whole numbers where the input's values choose rows of an Embedding layer, or are of a whole type. */
function rangeOf({ layers }: LayersModel, input: SymbolicTensor): Range {
  const below = wordsBelow(layers, input) ?? (input.dtype === 'int32' ? anyWhole : null);
  return below === null ? usualRange : { below };
}

/** Layers that hand on the numbers that they take. */
const passing = new Set(['Flatten', 'Masking', 'Permute', 'RepeatVector', 'Reshape']);

/** Of an input that holds words: how many the smallest Embedding layer that takes it knows; null for one that does not. */
function wordsBelow(layers: LayersModel['layers'], taken: SymbolicTensor): number | null {
  const found = layers.flatMap((layer) => {
    const {
      inputDim,
      layer: wrapped,
      layers: own,
      inputs,
    } = layer as Partial<LayersModel> & { inputDim?: number; layer?: { inputDim?: number } };
    const words = inputDim ?? wrapped?.inputDim;
    return layer.inboundNodes.flatMap(({ inputTensors, outputTensors }) => {
      const index = inputTensors.findIndex(({ id }) => id === taken.id);
      if (index < 0) return [];
      if (words !== undefined) return [words];
      if (own !== undefined && inputs !== undefined) return wordsBelow(own, inputs[index]) ?? [];
      return passing.has(layer.getClassName()) ? (wordsBelow(layers, outputTensors[0]) ?? []) : [];
    });
  });
  return found.length === 0 ? null : Math.min(...found);
}

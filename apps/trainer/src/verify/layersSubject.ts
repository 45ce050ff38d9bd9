import { ModelError } from '@onda/contract';
import type { Manifest } from '@onda/contract';
import { registerLayers } from '@onda/nets';
import { floatTensor } from '@onda/runtime';
import { io, tensor, tidy } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Floats, Range, Subject } from './subject.ts';
import { ownTensors } from './subject.ts';

/** Uniform in +-2: where gates and activations are neither linear nor flat. */
const usualRange: Range = { center: [0], spread: [2] };

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
    inputs: inputs.map((input, index) => ({ ...input, range: rangeOf(model, model.inputs[index].name) })),
    outputs,
    run(feeds) {
      let values: Floats = {};
      tidy(() => {
        const given = model.predict(
          inputs.map(({ name }) => tensor(feeds[name].data, [...feeds[name].dims], 'float32')),
          { batchSize: feeds[inputs[0].name].dims[0] },
        );
        const results = Array.isArray(given) ? given : [given];
        values = Object.fromEntries(
          results.map((result, index) => [
            outputs[index].name,
            floatTensor(result.shape, result.dataSync<'float32'>()),
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
    return await loadLayersModel(io.fromMemory(artifacts));
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1);
    throw new ModelError(
      `model "${name}": expected a source that TensorFlow.js loads, got "${reason}"; give the model.json that was exported`,
      { cause },
    );
  }
}

/** Whole numbers where the input's values choose rows of an Embedding layer. */
function rangeOf(model: LayersModel, input: string): Range {
  for (const layer of model.layers) {
    const fed = layer.inboundNodes.some(({ inputTensors }) =>
      inputTensors.some(({ name }) => name === input),
    );
    const { inputDim } = layer as unknown as { inputDim?: number };
    if (fed && layer.getClassName() === 'Embedding' && inputDim !== undefined) return { below: inputDim };
  }
  return usualRange;
}

import { cast, io, tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { Manifest, TensorSpec } from '@onda/contract';
import { ModelError, tensorNames } from '@onda/contract';
import { interpretModel } from '@onda/exporter/testing';
import { registerLayers } from '@onda/nets';
import type { FloatTensor } from '@onda/runtime';
import { floatTensor } from '@onda/runtime';
import type { TfjsReference } from '../export/tfjsReference.ts';

/** Values of tensors by name. */
export type Floats = Readonly<Record<string, FloatTensor>>;

/** Distribution of an input: uniform around a center, or whole numbers below a bound, such as token ids. */
export type Range =
  { readonly center: readonly number[]; readonly spread: readonly number[] } | { readonly below: number };

/** A reference model with the inputs and outputs of its ONNX file, in TensorFlow.js unless it says otherwise. */
export interface Subject {
  readonly manifest: Manifest;
  /** Inputs and outputs of the file, without states. */
  readonly inputs: readonly (TensorSpec & { readonly range: Range })[];
  readonly outputs: readonly TensorSpec[];
  /** Sizes that the source fixes, though the file leaves them open; null: any. */
  readonly fixed?: { readonly batch: number | null; readonly time: number | null };
  /** Name of the reference in the rows; default: TensorFlow.js, which they do not name. */
  readonly reference?: string;
  /** Bound of the differences, relative to the largest value; default: that of float32. */
  readonly relative?: number;
  /** Runs sequences from zero states; outputs by the names of the file. */
  run(feeds: Floats): Floats;
}

/** The file's tensors that are not states. */
export function ownTensors({ tensors, state }: Manifest): { inputs: TensorSpec[]; outputs: TensorSpec[] } {
  const taken = new Set(stateNames(state).flatMap(({ input, output }) => [input, output]));
  const { inputs, outputs } = tensors.model;
  return {
    inputs: inputs.filter(({ name }) => !taken.has(name)),
    outputs: outputs.filter(({ name }) => !taken.has(name)),
  };
}

/** Names and sizes of the state tensors [batch, size]; empty for a stateless model. */
export function stateNames(state: Manifest['state']): { input: string; output: string; size: number }[] {
  if (state === null) return [];
  if ('packing' in state) return state.rows.map(({ input, output, size }) => ({ input, output, size }));
  return [{ input: tensorNames.stateIn, output: tensorNames.stateOut, size: state.size }];
}

/** An Onda net: x in the units of the data, drawn from its range. */
export function netSubject(reference: TfjsReference, manifest: Manifest): Subject {
  const { scaler } = manifest;
  const { inputs, outputs } = ownTensors(manifest);
  const range = { center: scaler.center, spread: scaler.scale.map((scale) => 2 * scale) };
  return {
    manifest,
    inputs: inputs.map((input) => ({ ...input, range })),
    outputs,
    run(feeds) {
      const { dims, data } = feeds[tensorNames.input];
      const [batch, time] = dims;
      const { y } = reference.forward(data, batch, time);
      return { [tensorNames.output]: floatTensor([batch, time, y.length / (batch * time)], y) };
    },
  };
}

/** Uniform in +-2, where gates and activations are neither linear nor saturated. */
const usualRange: Range = { center: [0], spread: [2] };

/** Bound for an integer input that is not the input of an Embedding layer. */
const anyWhole = 10;

/**
 * Any TensorFlow.js layers model, with inputs and outputs in the order of the file. Inputs of Embedding layers are token ids, others
 * are numbers.
 *
 * @throws ModelError if TensorFlow.js cannot load the model, or its inputs and outputs differ from the manifest
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
      `model "${manifest.name}": expected a source of ${inputs.length} inputs and ${outputs.length} outputs, got ${model.inputs.length} and ${model.outputs.length}; pass the exported model`,
    );
  }
  return {
    manifest,
    inputs: inputs.map((input, index) => ({ ...input, range: rangeOf(model, model.inputs[index]) })),
    outputs,
    fixed: fixedSizes(
      inputs,
      model.inputs.map(({ shape }) => shape),
    ),
    run(feeds) {
      let values: Floats = {};
      tidy(() => {
        // A stateful model must start from zeros, like the file.
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

/** The batch and the time that the source fixes. */
function fixedSizes(
  inputs: readonly TensorSpec[],
  shapes: readonly (readonly (number | null)[])[],
): { batch: number | null; time: number | null } {
  const times = inputs.flatMap(({ shape }, index) =>
    shape.flatMap((dim, axis) => (isTime(dim) ? [shapes[index][axis]] : [])),
  );
  return { batch: shapes[0]?.[0] ?? null, time: times.find((time) => time !== null) ?? null };
}

/** `time`, or `words/time` in a model with inputs of different lengths. */
export const isTime = (dim: string | number): boolean => typeof dim === 'string' && /(^|\/)time$/.test(dim);

/**
 * A Keras model in the reference interpreter of the exporter, which follows Keras where TensorFlow.js does not.
 *
 * @throws UnsupportedError for a model of TensorFlow.js; `run` throws it for a layer that the interpreter does not know
 */
export function kerasSubject(artifacts: io.ModelArtifacts, manifest: Manifest): Subject {
  const model = interpretModel(artifacts);
  const { inputs, outputs } = ownTensors(manifest);
  return {
    manifest,
    reference: 'reference interpreter',
    inputs: inputs.map((input, index) => {
      const below = model.inputs[index].words ?? (input.type === 'int32' ? anyWhole : null);
      return { ...input, range: below === null ? usualRange : { below } };
    }),
    outputs,
    fixed: fixedSizes(
      inputs,
      model.inputs.map(({ shape }) => shape),
    ),
    run(feeds) {
      const given = inputs.map(({ name }) => ({
        shape: feeds[name].dims,
        data: Float64Array.from(feeds[name].data),
      }));
      const results = model.run(given);
      return Object.fromEntries(
        outputs.map(({ name }, index) => [
          name,
          floatTensor([...results[index].shape], Float32Array.from(results[index].data)),
        ]),
      );
    },
  };
}

async function load(artifacts: io.ModelArtifacts, name: string): Promise<LayersModel> {
  try {
    return await loadLayersModel(io.fromMemory(withoutInitializers(artifacts)));
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1);
    throw new ModelError(
      `model "${name}": expected a source that TensorFlow.js can load, got "${reason}"; pass the exported model.json`,
      { cause },
    );
  }
}

/**
 * The model with zeros as initial weights, which the saved ones replace anyway: the orthogonal initializer is slow and calls chained
 * tensor methods, which TensorFlow.js's build for Node does not have.
 */
function withoutInitializers(artifacts: io.ModelArtifacts): io.ModelArtifacts {
  const zeros = { class_name: 'Zeros', config: {} };
  const text = JSON.stringify(artifacts.modelTopology, (key, value: unknown) =>
    key.endsWith('_initializer') && value !== null ? zeros : value,
  );
  return { ...artifacts, modelTopology: JSON.parse(text) as object };
}

/** Whole numbers for inputs of Embedding layers and of integer type. */
function rangeOf({ layers }: LayersModel, input: SymbolicTensor): Range {
  const below = wordsBelow(layers, input) ?? (input.dtype === 'int32' ? anyWhole : null);
  return below === null ? usualRange : { below };
}

/** Layers that pass their values on unchanged. */
const passing = new Set(['Flatten', 'Masking', 'Permute', 'RepeatVector', 'Reshape']);

/** For an input of token ids: the size of the smallest Embedding layer that reads it; else null. */
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

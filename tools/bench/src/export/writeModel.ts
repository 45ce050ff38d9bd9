import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { io, tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { createRandom } from '@onda/series';

/** Gives a model weights uniform in +-1/sqrt(rows) from a seed: values of the order of 1 go through it. */
export function drawWeights(model: LayersModel, seed: number): void {
  const random = createRandom(seed);
  model.setWeights(
    model.weights.map(({ shape }) => {
      const dims = shape as number[];
      const size = dims.reduce((product, dim) => product * dim, 1);
      const bound = 1 / Math.sqrt(dims[0]);
      return tensor(
        Float32Array.from({ length: size }, () => random.uniform(-bound, bound)),
        dims,
      );
    }),
  );
}

/** Writes model.json and weights.bin as TensorFlow.js saves them. Returns the path of model.json and the bytes of the weights. */
export async function writeLayersModel(
  model: LayersModel,
  folder: string,
): Promise<{ file: string; weightBytes: number }> {
  const file = path.join(folder, 'model.json');
  let weightBytes = 0;
  await model.save({
    save: ({ modelTopology, weightSpecs, weightData }) => {
      const weights = new Uint8Array(io.CompositeArrayBuffer.join(weightData));
      weightBytes = weights.length;
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'weights.bin'), weights);
      const document = {
        format: 'layers-model',
        generatedBy: 'TensorFlow.js tfjs-layers v4.22.0',
        convertedBy: null,
        modelTopology,
        weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
      };
      writeFileSync(file, JSON.stringify(document));
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    },
  });
  return { file, weightBytes };
}

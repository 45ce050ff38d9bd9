import '@tensorflow/tfjs-backend-cpu';
import type { io } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import type { Manifest, ParityRow } from '@onda/contract';
import { manifestFormat } from '@onda/contract';
import { exportModel } from '@onda/exporter';
import type { Model } from '@onda/onnx';
import { writeModel } from '@onda/onnx';
import { floatTensor } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { rowHolds } from '../export/compare.ts';
import { layersSubject } from './subject.ts';
import { joinSamples, takeSamples, verifyModel } from './verifyModel.ts';

// The orthogonal initializer of recurrent layers calls methods of tensors.
/** A TensorFlow.js model that is not an Onda net: words as input, one probability per sample as output, exported with states. */
async function wordModel(): Promise<{ artifacts: io.ModelArtifacts; model: Model; manifest: Manifest }> {
  // Seeded: how many comparisons see a wrong weight depends on the weights.
  const initializer = (seed: number): ReturnType<typeof initializers.glorotNormal> =>
    initializers.glorotNormal({ seed });
  const net = sequential({
    name: 'words',
    layers: [
      layers.embedding({
        inputDim: 11,
        outputDim: 4,
        inputShape: [null],
        embeddingsInitializer: initializer(1),
      }),
      layers.lstm({
        units: 5,
        returnSequences: true,
        recurrentActivation: 'sigmoid',
        kernelInitializer: initializer(2),
        recurrentInitializer: initializer(3),
      }),
      layers.dense({ units: 3, activation: 'softmax', kernelInitializer: initializer(4) }),
    ],
  });
  let artifacts: io.ModelArtifacts = {};
  await net.save({
    save: (saved) => {
      artifacts = { ...saved, modelTopology: JSON.parse(JSON.stringify(saved.modelTopology)) as object };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    },
  });
  net.dispose();
  const { model, state } = exportModel(
    { ...artifacts, weightData: artifacts.weightData },
    { producerVersion: '0.1.0', stateful: true },
  );
  const list = (values: Model['graph']['inputs']): Manifest['tensors']['model']['inputs'] =>
    values.map(({ name, shape }) => ({
      name,
      type: 'float32',
      shape: (shape ?? []).map((dim) => dim ?? '?'),
    }));
  const manifest = {
    format: manifestFormat,
    name: 'words',
    version: 1,
    net: null,
    tensors: {
      model: { inputs: list(model.graph.inputs), outputs: list(model.graph.outputs) },
      generator: null,
    },
    state: state,
    lag: 1,
    scaler: { kind: 'none', center: [], scale: [] },
    sampling: null,
    training: null,
    files: {},
    parity: [],
    created: '2026-11-25T00:00:00Z',
  } satisfies Manifest;
  return { artifacts, model, manifest };
}

async function verify(change: (model: Model) => Model = (model) => model): Promise<ParityRow[]> {
  const { artifacts, model, manifest } = await wordModel();
  const subject = await layersSubject(artifacts, manifest);
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const rows = await verifyModel(runtime, subject, writeModel(change(model)), () => undefined);
  subject.dispose();
  return rows;
}

describe(verifyModel, () => {
  it('verifies another TensorFlow.js model: sizes, seeds, extremes, pieces', async () => {
    const rows = await verify();
    expect(rows.filter((row) => !rowHolds(row))).toEqual([]);
    expect(rows.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['values, seed 2', 'denormals, 1e-40', 'split 7 + 13', 'sample by sample']),
    );
    expect(new Set(rows.map(({ batch, time }) => `${batch} ${time}`)).size).toBeGreaterThanOrEqual(5);
  });

  it('sees one weight that is wrong', async () => {
    const rows = await verify((model) => ({
      ...model,
      graph: {
        ...model.graph,
        initializers: model.graph.initializers.map((tensor) => {
          if (tensor.type !== 'float32' || !tensor.name.endsWith('/R')) return tensor;
          const data = Float32Array.from(tensor.data);
          data[0] += 0.5;
          return { ...tensor, data };
        }),
      },
    }));
    expect(rows.filter((row) => !rowHolds(row)).length).toBeGreaterThan(rows.length / 2);
  });

  it('rejects a source with other inputs', async () => {
    const { artifacts, manifest } = await wordModel();
    const [input] = manifest.tensors.model.inputs;
    const other = { ...manifest.tensors.model, inputs: [input, ...manifest.tensors.model.inputs] };
    await expect(
      layersSubject(artifacts, { ...manifest, tensors: { model: other, generator: null } }),
    ).rejects.toThrow(
      'model "words": expected a source of 2 inputs and 1 outputs, got 1 and 1; pass the exported model',
    );
  });
});

const whole = floatTensor([2, 3, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

describe(takeSamples, () => {
  it('takes samples of every row', () => {
    const part = takeSamples(whole, 1, 1, 3);
    expect(part).toEqual(floatTensor([2, 2, 2], [2, 3, 4, 5, 8, 9, 10, 11]));
  });
});

describe(joinSamples, () => {
  it('joins pieces', () => {
    const pieces = [takeSamples(whole, 1, 0, 1), takeSamples(whole, 1, 1, 3)];
    expect(joinSamples(pieces, 1)).toEqual(whole);
  });
});

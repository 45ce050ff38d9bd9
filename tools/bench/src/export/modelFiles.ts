import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '@onda/onnx';
import { readModel } from '@onda/onnx';
import { createRandom } from '@onda/series';
import { io, tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ExportWorkload } from './exportWorkloads.ts';

/** Draws weights uniform in +-1/sqrt(rows): values inside the model are of the order of 1. */
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

/** Writes model.json and weights.bin as TensorFlow.js saves them. */
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

/** An input with batch 1 and 20 samples, and TensorFlow.js's output for it. */
export interface Sample {
  readonly inputs: readonly { readonly dims: readonly number[]; readonly data: Float32Array }[];
  readonly outputs: readonly Float32Array[];
}

const samples = 20;

/** What an ONNX file contains; nodes include those inside Loops. */
export function contentsOf(file: string): { nodes: number; loops: number; bytes: number } {
  const bytes = readFileSync(file);
  const nodes = allNodes(readModel(bytes).graph);
  const loops = nodes.filter((op) => op === 'Loop' || op === 'Scan').length;
  return { nodes: nodes.length, loops, bytes: bytes.length };
}

function allNodes({ nodes }: Graph): string[] {
  return nodes.flatMap(({ op, attributes }) => [
    op,
    ...Object.values(attributes).flatMap((value) => (value.kind === 'graph' ? allNodes(value.value) : [])),
  ]);
}

/** Draws an input and runs the model in TensorFlow.js. */
export function sampleOf(model: LayersModel, { words }: ExportWorkload): Sample {
  const random = createRandom(7);
  const inputs = model.inputs.map(({ shape }) => {
    const dims = shape.map((dim, axis) => dim ?? (axis === 0 ? 1 : samples));
    const size = dims.reduce((product, dim) => product * dim, 1);
    const draw = (): number =>
      words === undefined ? random.uniform(-1, 1) : Math.floor(random.uniform(0, words));
    return { dims, data: Float32Array.from({ length: size }, draw) };
  });
  const outputs: Float32Array[] = [];
  tidy(() => {
    const given = model.predict(inputs.map(({ dims, data }) => tensor(data, dims)));
    for (const output of Array.isArray(given) ? given : [given]) outputs.push(output.dataSync<'float32'>());
  });
  return { inputs, outputs };
}

/** A file loaded in onnxruntime-node on one thread. */
export class LoadedFile {
  private readonly session: InferenceSession;
  private readonly feeds: Record<string, Tensor>;

  private constructor(session: InferenceSession, feeds: Record<string, Tensor>) {
    this.session = session;
    this.feeds = feeds;
  }

  /** Inputs are matched by their number of features: a converter may reorder them. */
  static async open(file: string, { inputs }: Sample): Promise<LoadedFile> {
    const session = await InferenceSession.create(file, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    const left = [...inputs];
    const feeds = session.inputMetadata.map((info): [string, Tensor] => {
      const features = info.isTensor ? info.shape.at(-1) : undefined;
      const place = Math.max(
        0,
        left.findIndex(({ dims }) => dims.at(-1) === features),
      );
      const [{ dims, data }] = left.splice(place, 1);
      return [info.name, new Tensor('float32', data, [...dims])];
    });
    return new LoadedFile(session, Object.fromEntries(feeds));
  }

  /** The greatest difference to TensorFlow.js, relative to the greatest value (at least 1). */
  async difference({ outputs }: Sample): Promise<number> {
    const results = Object.values(await this.session.run(this.feeds)).map(({ data }) => data as Float32Array);
    return Math.max(
      ...outputs.map((expected, index) => {
        const actual = results[index];
        if (actual.length !== expected.length) return Infinity;
        const size = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0) / size;
      }),
    );
  }

  /** Milliseconds of so many runs. */
  async time(runs: number): Promise<number> {
    const started = performance.now();
    for (let run = 0; run < runs; run++) await this.session.run(this.feeds);
    return performance.now() - started;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}

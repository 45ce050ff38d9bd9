import { z } from 'zod';
import { cellKinds } from '@onda/contract';
import type { PyTorchWeights } from '@onda/nets';
import { weightSpecs } from '@onda/nets';
import { createRandom, sineChunk, type Random } from '@onda/series';
import type { Work } from './work.ts';
import { firstJob } from './work.ts';

const floats = z.base64();

/** What every system starts a work from: the same weights and the same data. Arrays are float32, little-endian, in base64. */
export const startSchema = z.strictObject({
  work: z.strictObject({
    name: z.string(),
    spec: z.strictObject({
      cell: z.enum(cellKinds),
      units: z.int(),
      layers: z.int(),
      features: z.int(),
      outputs: z.int(),
    }),
    batch: z.int(),
    samples: z.int(),
    carry: z.boolean(),
  }),
  learningRate: z.number(),
  /** In PyTorch's names, order and layout: a matrix is [outputs, inputs]. */
  weights: z.array(z.strictObject({ name: z.string(), shape: z.array(z.int()), values: floats })),
  /** How many chunks there are; step k sees chunk k modulo this. */
  chunks: z.int(),
  /** [chunks, batch, samples, features] */
  x: floats,
  /** [chunks, batch, samples, outputs] */
  y: floats,
});

export type Start = z.infer<typeof startSchema>;

/** The first job's rate; the others' too, so that there is one thing less to differ. */
const LEARNING_RATE = 0.01;

/** Enough that no step sees what the one before saw, few enough that the file stays small. */
const NOISY_CHUNKS = 4;

/**
 * Draws the start of a work: weights as PyTorch draws them, uniform in +-1 / sqrt(units), and data. The first job has its own
 * chunks; the others see sines of random frequency and phase with a little noise, one sample later as the target.
 *
 * @param seed the same seed gives the same start
 */
export function makeStart(work: Work, seed = 1): Start {
  const random = createRandom(seed);
  const bound = 1 / Math.sqrt(work.spec.units);
  const weights = weightSpecs(work.spec).map(({ pytorchName, shape }) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return {
      name: pytorchName,
      shape: [...shape].reverse(),
      values: toBase64(Float32Array.from({ length: size }, () => random.uniform(-bound, bound))),
    };
  });
  const chunks = work.name === firstJob ? 100 : NOISY_CHUNKS;
  const size = work.batch * work.samples;
  const x = new Float32Array(chunks * size);
  const y = new Float32Array(chunks * size);
  for (let chunk = 0; chunk < chunks; chunk++) {
    if (work.name === firstJob) {
      const values = sineChunk(chunk, work.samples);
      x.set(values.x, chunk * size);
      y.set(values.y, chunk * size);
    } else {
      for (let row = 0; row < work.batch; row++) {
        const offset = chunk * size + row * work.samples;
        const series = noisySine(work.samples + 1, random);
        x.set(series.subarray(0, -1), offset);
        y.set(series.subarray(1), offset);
      }
    }
  }
  return { work, learningRate: LEARNING_RATE, weights, chunks, x: toBase64(x), y: toBase64(y) };
}

function noisySine(length: number, random: Random): Float32Array {
  const frequency = random.uniform(0.05, 0.5);
  const phase = random.uniform(0, 2 * Math.PI);
  return Float32Array.from(
    { length },
    (_, index) => Math.sin(frequency * index + phase) + 0.05 * random.normal(),
  );
}

/** The weights as lists of rows, as `loadPyTorchWeights` takes them. */
export function startWeights(start: Start): PyTorchWeights {
  return Object.fromEntries(
    start.weights.map(({ name, shape, values }): [string, PyTorchWeights[string]] => {
      const all = Array.from(fromBase64(values));
      if (shape.length === 1) return [name, all];
      const [rows, columns] = shape;
      return [name, Array.from({ length: rows }, (_, row) => all.slice(row * columns, (row + 1) * columns))];
    }),
  );
}

/** float32, little-endian. */
export function toBase64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** A copy, so that its start lies where float32 may lie. */
export function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

import { readFileSync } from 'node:fs';
import type { CellKind } from '@onda/contract';
import { cellKinds, ConfigError } from '@onda/contract';
import type { NetSpec, PyTorchWeights } from '@onda/nets';
import { weightSpecs } from '@onda/nets';
import type { Random } from '@onda/series';
import { createRandom, sineChunk } from '@onda/series';

/** A network and its data: what training and generation repeat. One value goes in and one comes out per sample. */
export interface NetWorkload {
  name: string;
  spec: NetSpec;
  batch: number;
  /** Samples of a chunk; of the prompt in generation. */
  samples: number;
  /** Whether the state of one chunk starts the next, as in the first job. */
  carry: boolean;
}

/** The first job's network and chunk. */
export const firstJob = 'rnn-32-1-20';

const net = `(?<cell>${cellKinds.join('|')})(?<layers>[1-9]\\d?)?-(?<units>[1-9]\\d{0,4})-(?<batch>[1-9]\\d{0,4})`;

/** Names of workloads: cell and layers, units, batch, and the samples of a training chunk. */
const forms = {
  training: {
    pattern: new RegExp(`^${net}-(?<samples>[1-9]\\d{0,5})$`),
    text: 'CELL-UNITS-BATCH-SAMPLES such as rnn-32-1-20, or lstm2-256-64-100 for two layers',
  },
  generation: {
    pattern: new RegExp(`^generation-${net}$`),
    text: 'generation-CELL-UNITS-BATCH such as generation-rnn-32-1, or generation-lstm2-32-1 for two layers',
  },
};

/** Samples of a prompt. */
const PROMPT = 20;

/** @throws ConfigError for a name of another form */
export function parseNetWorkload(kind: keyof typeof forms, name: string): NetWorkload {
  const { pattern, text } = forms[kind];
  const parts = pattern.exec(name)?.groups;
  if (!parts)
    throw new ConfigError(
      `--works: expected ${text} (cells: ${cellKinds.join(', ')}), got ${JSON.stringify(name)}; correct the name`,
    );
  return {
    name,
    spec: {
      cell: parts['cell'] as CellKind,
      units: Number(parts['units']),
      layers: Number(parts['layers'] ?? 1),
      features: 1,
      outputs: 1,
    },
    batch: Number(parts['batch']),
    samples: Number(parts['samples'] ?? PROMPT),
    carry: name === firstJob,
  };
}

/** What every subject of a workload starts from: the same weights and data. Arrays are float32, little-endian, in base64. */
export interface Start {
  work: NetWorkload;
  learningRate: number;
  /** With PyTorch's names, order and layout: a matrix is [outputs, inputs]. */
  weights: { name: string; shape: number[]; values: string }[];
  /** Number of chunks; step k uses chunk k modulo this. */
  chunks: number;
  /** [chunks, batch, samples, features] */
  x: string;
  /** [chunks, batch, samples, outputs] */
  y: string;
}

/** The first job's rate, used for all workloads. */
const LEARNING_RATE = 0.01;

/** Consecutive steps use different data; the file stays small. */
const NOISY_CHUNKS = 4;

/**
 * Draws the start of a workload: weights as PyTorch draws them, uniform in +-1 / sqrt(units), and data. The first job has its own
 * chunks; the others have sines of random frequency and phase with noise, and the next sample as the target.
 *
 * @param seed the same seed gives the same start
 */
export function makeStart(work: NetWorkload, seed = 1): Start {
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
  for (let row = 0; row < chunks * work.batch; row++) {
    const series =
      work.name === firstJob ? sineChunk(row, work.samples) : noisySine(work.samples + 1, random);
    x.set(series.x, row * work.samples);
    y.set(series.y, row * work.samples);
  }
  return { work, learningRate: LEARNING_RATE, weights, chunks, x: toBase64(x), y: toBase64(y) };
}

function noisySine(length: number, random: Random): { x: Float32Array; y: Float32Array } {
  const frequency = random.uniform(0.05, 0.5);
  const phase = random.uniform(0, 2 * Math.PI);
  const values = Float32Array.from(
    { length },
    (_, index) => Math.sin(frequency * index + phase) + 0.05 * random.normal(),
  );
  return { x: values.subarray(0, -1), y: values.subarray(1) };
}

/** Reads a start file that the bench has written. */
export function readStart(file: string): Start {
  return JSON.parse(readFileSync(file, 'utf8')) as Start;
}

/** The weights as lists of rows, for `loadPyTorchWeights`. */
export function startWeights({ weights }: Pick<Start, 'weights'>): PyTorchWeights {
  return Object.fromEntries(
    weights.map(({ name, shape, values }): [string, PyTorchWeights[string]] => {
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

/** A copy, aligned for float32. */
export function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

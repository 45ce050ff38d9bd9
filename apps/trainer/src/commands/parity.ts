import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { cellKinds, configMistake, DataError, ResultError } from '@onda/contract';
import type { PyTorchWeights } from '@onda/nets';
import { loadPyTorchWeights, Net, toPyTorchWeights } from '@onda/nets';
import { createSource } from '@onda/series';
import type { BackendName } from '@onda/tfjs-native';
import { openBackend, wantedByEnvironment } from '@onda/tfjs-native';
import { fit, Optimizer } from '@onda/training';
import { readInput } from '../files.ts';
import { textTable } from '../terminal.ts';

interface ParityResult extends Difference {
  reference: string;
  backend: string;
}

/** The backends to run on: the one of ONDA_BACKEND, else all that are available. */
function backendsToTry(): BackendName[] {
  const wanted = wantedByEnvironment(process.env.ONDA_BACKEND);
  return wanted === 'auto' ? ['tensorflow', 'wasm'] : [wanted];
}

/**
 * Repeats reference runs on the backends and prints the largest differences.
 *
 * @throws ResultError naming the worst difference above its limit
 */
export async function parityCommand(files: readonly string[], options: { json: boolean }): Promise<void> {
  const references = files.map((file) => ({ file, reference: readReference(file) }));
  const results: ParityResult[] = [];
  const done = new Set<string>();
  for (const want of backendsToTry()) {
    // If TensorFlow is missing, openBackend prints so and opens wasm, which is the next backend anyway.
    const backend = await openBackend({ want: want === 'tensorflow' ? undefined : want });
    if (done.has(backend.name)) continue;
    done.add(backend.name);
    for (const { file, reference } of references) {
      const ours = await replay(reference);
      results.push(
        ...differences(reference, ours).map((row) => ({ reference: file, backend: backend.name, ...row })),
      );
    }
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify(results)}\n`);
  } else {
    process.stdout.write(`${textTable(resultTable(results))}\n`);
  }
  const bad = results
    .filter((row) => !differenceHolds(row))
    .sort((a, b) => b.worst / b.limit - a.worst / a.limit);
  if (bad.length > 0) {
    const [{ reference, backend, quantity, worst, place, limit }] = bad;
    throw new ResultError(
      `${reference} on ${backend}: ${quantity}: expected a difference of at most ${limit}, got ${worst.toExponential(2)} at ${place}${bad.length > 1 ? ` (and ${bad.length - 1} more rows above their limits)` : ''}`,
    );
  }
}

function resultTable(results: readonly ParityResult[]): { head: string[]; rows: string[][] } {
  return {
    head: ['reference', 'backend', 'quantity', 'worst', 'limit', '', 'where'],
    rows: results.map((row) => [
      row.reference,
      row.backend,
      row.quantity,
      row.worst.toExponential(1),
      row.limit.toExponential(1),
      differenceHolds(row) ? 'ok' : 'DIFFERS',
      row.place,
    ]),
  };
}

const weights = z.record(z.string(), z.union([z.array(z.number()), z.array(z.array(z.number()))]));

/** A PyTorch run of the lagged sine, in the format of examples/reference/README.md. */
const referenceSchema = z.strictObject({
  cell: z.enum(cellKinds),
  layers: z.int().min(1),
  hidden: z.int().min(1),
  num: z.int().min(1),
  steps: z.int().min(1),
  initial: weights,
  final: weights,
  losses: z.array(z.number()).min(1),
  predictions: z.record(z.string().regex(/^\d+$/), z.array(z.number())),
  closed_loop_first_input: z.number(),
  closed_loop: z.array(z.number()).min(1),
  // What the run was made with. The replay uses these settings alone.
  optimizer: z.literal('Adam(lr=0.01, betas=(0.9, 0.999), eps=1e-8)').optional(),
  loss: z.literal('mean squared error').optional(),
  seed: z.int().optional(),
  torch: z.string().optional(),
  note: z.string().optional(),
});

export type Reference = z.infer<typeof referenceSchema>;

/**
 * Reads a reference run.
 *
 * @throws DataError if it is missing or has another format
 */
export function readReference(file: string): Reference {
  const text = readInput(file, 'reference').toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(
      `reference ${file}: not JSON: ${(error as Error).message}; pass a file in the format of examples/reference`,
      { cause: error },
    );
  }
  const result = referenceSchema.safeParse(value, { reportInput: true });
  if (!result.success) {
    const mistake = configMistake(result.error, referenceSchema, value);
    throw new DataError(
      `reference ${file}: ${mistake}; pass a file in the format of examples/reference, because other settings cannot be repeated`,
    );
  }
  if (result.data.losses.length !== result.data.steps) {
    throw new DataError(
      `reference ${file}: losses: expected ${result.data.steps} values (steps), got ${result.data.losses.length}; the file is incomplete`,
    );
  }
  return result.data;
}

/** Our results from the initial weights of a reference run. */
export interface Replay {
  losses: Float32Array;
  weights: PyTorchWeights;
  /** Keyed by step, as in the reference. */
  predictions: Map<string, Float32Array>;
  closedLoop: Float32Array;
}

/**
 * Repeats a reference run with the actual training loop on the current backend, then runs the closed loop from the final state.
 *
 * @throws ModelError if the initial weights do not match the net of the reference
 */
export async function replay(reference: Reference): Promise<Replay> {
  const { cell, hidden, layers, num, steps } = reference;
  const source = createSource({ data: { kind: 'sine', samples: num }, lag: 1, seed: 0 });
  const net = Net.create({ cell, units: hidden, layers, features: 1, outputs: 1 }, () => 0);
  // Settings of the reference: Adam(lr 0.01, betas 0.9 and 0.999, eps 1e-8), mean squared error.
  const optimizer = new Optimizer({ kind: 'adam', learningRate: 0.01 }, net.variables);
  try {
    loadPyTorchWeights(net, reference.initial);
    const predictions = new Map<string, Float32Array>();
    const { losses, carry } = await fit({
      net,
      source,
      optimizer,
      steps,
      loss: 'mse',
      carry: true,
      onStep: ({ step, prediction }) => {
        if (String(step) in reference.predictions) predictions.set(String(step), prediction());
      },
    });
    const closedLoop = feedBack(net, reference, carry?.values ?? new Float32Array(net.stateSize));
    return { losses, weights: toPyTorchWeights(net), predictions, closedLoop };
  } finally {
    optimizer.dispose();
    net.dispose();
  }
}

/** Runs the closed loop of the reference's length from the state after the last step. */
function feedBack(net: Net, reference: Reference, start: Float32Array): Float32Array {
  const values = new Float32Array(reference.closed_loop.length);
  let fed = reference.closed_loop_first_input;
  let state = start;
  for (let i = 0; i < values.length; i++) {
    const next = tf.tidy(() => {
      const result = net.forward(tf.tensor3d([fed], [1, 1, 1]), tf.tensor2d(state, [1, net.stateSize]));
      return { y: result.y.dataSync<'float32'>()[0], state: result.state.dataSync<'float32'>() };
    });
    values[i] = next.y;
    fed = next.y;
    state = next.state;
  }
  return values;
}

/**
 * Limits of the differences. PyTorch's float32 run differs from the same run in float64 by 2e-5 (losses, relative), 7e-6 (weights and
 * predictions) and 2e-5 (closed loop); the limits are 3 to 10 times that.
 */
const limits = { losses: 1e-4, weights: 2e-5, predictions: 2e-5, 'closed loop': 2e-4 } as const;

type Quantity = keyof typeof limits;

/** The largest difference of one quantity and its place. */
export interface Difference {
  quantity: Quantity;
  /** Relative for losses, absolute otherwise. */
  worst: number;
  place: string;
  limit: number;
}

export const differenceHolds = (row: Difference): boolean => row.worst <= row.limit;

/** The largest difference of each quantity between a reference run and our replay. */
export function differences(reference: Reference, ours: Replay): Difference[] {
  const losses = worstOf('losses');
  reference.losses.forEach((loss, step) => {
    losses.add(Math.abs(ours.losses[step] - loss) / Math.abs(loss), `step ${step}`);
  });
  const weights = worstOf('weights');
  for (const [name, values] of Object.entries(reference.final)) {
    const expected = values.flat();
    const actual = ours.weights[name].flat();
    expected.forEach((value, i) => {
      weights.add(Math.abs(actual[i] - value), `${name}[${i}]`);
    });
  }
  const predictions = worstOf('predictions');
  for (const [step, values] of Object.entries(reference.predictions)) {
    const actual = ours.predictions.get(step);
    values.forEach((value, i) => {
      predictions.add(Math.abs((actual?.[i] ?? NaN) - value), `step ${step}, sample ${i}`);
    });
  }
  const closedLoop = worstOf('closed loop');
  reference.closed_loop.forEach((value, i) => {
    closedLoop.add(Math.abs(ours.closedLoop[i] - value), `sample ${i}`);
  });
  return [losses, weights, predictions, closedLoop].map(({ row }) => row);
}

/** Tracks the largest difference; NaN counts as infinite. */
function worstOf(quantity: Quantity): { row: Difference; add(difference: number, place: string): void } {
  const row: Difference = { quantity, worst: -1, place: 'nothing compared', limit: limits[quantity] };
  return {
    row,
    add(difference, place) {
      const size = Number.isNaN(difference) ? Infinity : difference;
      if (size > row.worst) Object.assign(row, { worst: size, place });
    },
  };
}

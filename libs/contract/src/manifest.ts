import { z } from 'zod';
import { ModelError, zodMessage } from './errors.ts';
import { cellKinds } from './fitConfig.ts';
import type {
  PackedState,
  Scaler,
  SeparateStates,
  StateRow,
  TensorLists,
  TensorSpec,
} from './manifestParts.ts';
import type { Sampling } from './sampling.ts';
import { tensorTypes } from './tensorTypes.ts';

/** Version of the manifest format, incremented for incompatible changes. */
export const manifestFormat = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
const count = z.int().min(1);

const tensor = z.strictObject({
  name: z.string(),
  type: z.enum(tensorTypes),
  shape: z.array(z.union([z.string(), z.int().min(0)])),
}) satisfies z.ZodType<TensorSpec>;

const graph = z.strictObject({
  inputs: z.array(tensor),
  outputs: z.array(tensor),
}) satisfies z.ZodType<TensorLists>;

const stateRow = z.strictObject({
  layer: z.string(),
  kind: z.enum(['h', 'c']),
  offset: z.int().min(0),
  size: count,
}) satisfies z.ZodType<StateRow>;

const packedState = z.strictObject({
  size: count,
  rows: z.array(stateRow).min(1),
}) satisfies z.ZodType<PackedState>;

const separateStates = z.strictObject({
  packing: z.literal('separate'),
  size: count,
  rows: z.array(stateRow.extend({ input: z.string(), output: z.string() })).min(1),
}) satisfies z.ZodType<SeparateStates>;

const net = z.strictObject({
  cell: z.enum(cellKinds),
  units: count,
  layers: count,
  features: count,
  outputs: count,
});

/** A forecaster of strategy `direct`: x [batch, time, targets] is the history, y [batch, horizon, levels * targets] the forecast. */
const forecaster = z.strictObject({
  /** Samples ahead. */
  horizon: count,
  /** Quantile levels in the order of the blocks of `targets` columns of y; the first is the median. */
  levels: z.array(z.number().gt(0).lt(1)).min(1),
  /** Samples per season; 1: none. */
  period: count,
  /** Samples of the history that the forecast depends on at most. */
  context: count,
  /** Columns of the history. */
  targets: count,
});
export type ManifestForecaster = z.infer<typeof forecaster>;

export const scalerSchema = z.strictObject({
  kind: z.enum(['none', 'standard', 'minmax', 'robust']),
  center: z.array(z.number()),
  scale: z.array(z.number().positive()),
}) satisfies z.ZodType<Scaler>;

/**
 * Source of randomness: `seed`, an input int64 [1] from which the graph generates random numbers (sampling.ts); or `noise`, an input
 * float32 [batch, samples, numbers per row]: uniform in (0, 1), or standard normal for gaussian.
 */
const source = z.enum(['seed', 'noise']);

/** How values are sampled from the outputs of a step and fed back. */
export const samplingSchema = z.discriminatedUnion('kind', [
  /**
   * A class, by the Gumbel-max trick from the logits or log-probabilities divided by the temperature; at temperature 0 the most likely
   * one, without random numbers. Numbers per row: the number of classes. The class is fed back and returned in `y` as a one-hot row, or
   * as its index if the model has token ids as input.
   */
  z.strictObject({
    kind: z.literal('categorical'),
    from: z.enum(['probabilities', 'logits']),
    temperature: z.number().min(0),
    source,
  }),
  /** Outputs are the mean of each feature, then the logarithm of each variance: mean + e^(s / 2) n. Numbers per row: one per feature. */
  z.strictObject({ kind: z.literal('gaussian'), source }),
  /**
   * Outputs are one block of all features per level, in this order. The inverse distribution function at a uniform number, interpolated
   * linearly between the levels and extrapolated linearly beyond the lowest and the highest.
   */
  z.strictObject({
    kind: z.literal('quantile'),
    levels: z.array(z.number().gt(0).lt(1)).min(2),
    source,
  }),
]) satisfies z.ZodType<Sampling>;

/** One comparison of two runtimes: the largest absolute and relative difference, and the bound. */
const parityRow = z.strictObject({
  check: z.string(),
  runtime: z.string(),
  batch: count,
  time: count,
  maxAbs: z.number().min(0),
  maxRel: z.number().min(0),
  tolerance: z.number().positive(),
});
export type ParityRow = z.infer<typeof parityRow>;

export const manifestSchema = z.strictObject({
  format: z.literal(manifestFormat),
  name: z.string(),
  version: count,
  /** Left out for sequence models and other layers models. */
  kind: z.literal('forecaster').optional(),
  /** Of kind `forecaster`. */
  forecaster: forecaster.optional(),
  /** Null for any other layers model, which keeps its own inputs and outputs. */
  net: net.nullable(),
  tensors: z.strictObject({ model: graph, generator: graph.nullable() }),
  /** Null for a stateless model. */
  state: z.union([packedState, separateStates]).nullable(),
  /** Number of samples that y is ahead of x; 1 for other layers models. */
  lag: count,
  /** Kind `none` without entries for other layers models. */
  scaler: scalerSchema,
  /** Type of the weights; default float32. */
  precision: z.enum(['float16', 'int8']).optional(),
  /** How values are sampled from the outputs; null: the outputs are the values. */
  sampling: samplingSchema.nullable(),
  /** Minimum number of samples of a generator prompt; default: the lag. */
  prompt: count.optional(),
  training: z
    .strictObject({
      config: z.record(z.string(), z.unknown()),
      seed: z.int().min(0),
      backend: z.string(),
      /** Versions of the libraries that trained and exported, by package name. */
      versions: z.record(z.string(), z.string()),
      dataSha256: sha256,
      steps: z.int().min(0),
      finalLoss: z.number(),
    })
    .nullable(),
  files: z.record(z.string(), z.strictObject({ sha256, bytes: z.int().min(0) })),
  parity: z.array(parityRow),
  /** ISO 8601, UTC. */
  created: z.iso.datetime(),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The part of a manifest that is known before the files are written. */
export type ManifestDescription = Omit<Manifest, 'files' | 'parity' | 'created'>;

/**
 * Validates a manifest.
 *
 * @param value  parsed JSON
 * @param source name of the manifest in errors, usually its file name
 * @throws ModelError naming the path, the expected value and the given one
 */
export function parseManifest(value: unknown, source: string): Manifest {
  const result = manifestSchema.safeParse(value);
  if (!result.success) {
    throw new ModelError(`${source}: ${zodMessage(result.error)}; export the model again`, {
      cause: result.error,
    });
  }
  return result.data;
}

/**
 * The part of a manifest that describes the model, as canonical JSON (sorted keys). Its SHA-256 is in the metadata of the ONNX files as
 * `onda.manifest_sha256`. It excludes `files` (which has hashes of these files), `parity` and `created`.
 */
export function manifestIdentity(manifest: ManifestDescription): string {
  const { format, name, version, kind, forecaster, net, tensors, state, lag, scaler, precision } = manifest;
  const { sampling, prompt, training } = manifest;
  // Undefined keys are omitted, so that the hashes of older manifests stay the same.
  const described = {
    format,
    name,
    version,
    kind,
    forecaster,
    net,
    tensors,
    state,
    lag,
    scaler,
    precision,
    sampling,
    prompt,
    training,
  };
  return canonicalJson(described);
}

/** JSON with sorted keys and no white space: equal values have equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

/** The manifest of an Onda net with packed states: tensors `x`, `state_in`, `y`, `state_out`. */
export interface NetManifest extends Manifest {
  net: NonNullable<Manifest['net']>;
  state: PackedState;
}

/** Whether the model is an Onda net with packed states. */
export function isNetManifest(manifest: Manifest): manifest is NetManifest {
  return manifest.net !== null && manifest.state !== null && !('packing' in manifest.state);
}

/**
 * Asserts that the model is an Onda net with packed states.
 *
 * @param source name of the manifest in errors, usually its file name
 * @throws ModelError for any other model
 */
export function requireNetManifest(manifest: Manifest, source: string): NetManifest {
  if (isNetManifest(manifest)) return manifest;
  const got = manifest.net === null ? 'another layers model' : 'one with separate states';
  throw new ModelError(
    `${source}: expected an Onda net with packed states, got ${got}; export a net trained by Onda, without --states separate`,
  );
}

/** `parseManifest` for code that supports only Onda nets. */
export function parseNetManifest(value: unknown, source: string): NetManifest {
  return requireNetManifest(parseManifest(value, source), source);
}

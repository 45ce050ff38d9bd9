import { z } from 'zod';
import { ModelError } from './errors.ts';
import { cellKinds } from './fitConfig.ts';
import type {
  PackedState,
  Scaler,
  SeparateStates,
  StateRow,
  TensorLists,
  TensorSpec,
} from './manifestParts.ts';
import { tensorTypes } from './tensorTypes.ts';
import { samplingSchema } from './samplingSchema.ts';
import { zodMessage } from './zodMessage.ts';

/** Raised when a reader of older manifests could misread a newer one. */
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

export const scalerSchema = z.strictObject({
  kind: z.enum(['none', 'standard', 'minmax']),
  center: z.array(z.number()),
  scale: z.array(z.number().positive()),
}) satisfies z.ZodType<Scaler>;

/** One comparison of two runtimes: the largest absolute and relative difference, and the bound it was held against. */
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
  /** Null: a layers model of other make, which keeps its own inputs and outputs. */
  net: net.nullable(),
  tensors: z.strictObject({ model: graph, generator: graph.nullable() }),
  /** Null: the model keeps nothing from one call to the next. */
  state: z.union([packedState, separateStates]).nullable(),
  /** How many samples ahead y is of x; 1 for a model of other make. */
  lag: count,
  /** Kind `none` without entries for a model of other make. */
  scaler: scalerSchema,
  /** In what numbers the weights are kept; left out: float32. */
  precision: z.enum(['float16', 'int8']).optional(),
  /** How values are drawn from the outputs; null: the outputs are the values. */
  sampling: samplingSchema.nullable(),
  /** Samples that a prompt of the generator has at least; left out: the lag. */
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

/** What stands in a manifest before its files are written. */
export type ManifestDescription = Omit<Manifest, 'files' | 'parity' | 'created'>;

/**
 * Validates a manifest.
 *
 * @param value  parsed JSON
 * @param source what to call it in an error, usually its file name
 * @throws ModelError naming the place, what was expected and what came
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
 * The part of a manifest that describes the model, as canonical JSON (keys sorted): its SHA-256 goes into the ONNX files'
 * metadata as `onda.manifest_sha256`. Left out are `files` (they hold the hash of those very files), `parity` and `created`.
 */
export function manifestIdentity(manifest: ManifestDescription): string {
  const { format, name, version, net, tensors, state, lag, scaler, precision, sampling, prompt, training } =
    manifest;
  // What is left out (an undefined precision) leaves the text as it was before the key came.
  const described = {
    format,
    name,
    version,
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

/** JSON with the keys of every object sorted and no white space, so that equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

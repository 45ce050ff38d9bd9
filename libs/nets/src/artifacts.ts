import type { io } from '@tensorflow/tfjs-core';
import { version_layers as layersVersion } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import type { CellKind } from '@onda/contract';
import { ModelError } from '@onda/contract';
import { recurrentLayers } from './layers/recurrentLayers.ts';
import { lossAttributes, lossBlocks } from './losses.ts';
import type { NetSpec } from './netSpec.ts';
import { layerName, readoutColumns } from './netSpec.ts';
import type { WeightSpec } from './weights.ts';
import { readoutName, weightSize, weightSpecs } from './weights.ts';

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/**
 * Reads a net from the artifacts of a TensorFlow.js layers model.
 *
 * @returns the spec, and the values of each weight in the order and layout of `weightSpecs`
 * @throws ModelError for a model that is not a net, or missing weights or weights of another size
 */
export function readArtifacts(artifacts: io.ModelArtifacts): { spec: NetSpec; weights: Float32Array[] } {
  const spec = readTopology(artifacts.modelTopology, readMetadata(artifacts.userDefinedMetadata));
  const bytes = weightBytes(artifacts.weightData);
  const stored = new Map<string, { entry: io.WeightsManifestEntry; offset: number }>();
  let offset = 0;
  for (const entry of artifacts.weightSpecs ?? []) {
    if (entry.dtype !== 'float32' || entry.quantization !== undefined) {
      throw new ModelError(
        `weight "${entry.name}": expected plain float32, got ${entry.quantization === undefined ? entry.dtype : 'quantized values'}; save the model without quantization`,
      );
    }
    stored.set(entry.name, { entry, offset });
    offset += BYTES * entry.shape.reduce((size, dim) => size * dim, 1);
  }
  if (offset !== bytes.byteLength) {
    throw new ModelError(
      `model weights: expected ${offset} bytes according to the weight specs, got ${bytes.byteLength}; the file is damaged or truncated, save the model again`,
    );
  }
  const weights = weightSpecs(spec).map((weight) => {
    const found = stored.get(weight.name);
    if (found === undefined) {
      throw new ModelError(`weight "${weight.name}": missing from the model; save the model again`);
    }
    checkShape(weight, found.entry.shape);
    return new Float32Array(bytes.slice(found.offset, found.offset + BYTES * weightSize(weight)).buffer);
  });
  return { spec, weights };
}

function checkShape({ name, shape }: WeightSpec, given: readonly number[]): void {
  if (given.length === shape.length && given.every((dim, index) => dim === shape[index])) return;
  throw new ModelError(
    `weight "${name}": expected shape [${shape.join(', ')}] according to the layers, got [${given.join(', ')}]; save the model again`,
  );
}

/** The bytes of the weights as one array; TensorFlow.js keeps them in one buffer or several. */
function weightBytes(data: io.WeightData | undefined): Uint8Array {
  const parts = (Array.isArray(data) ? data : data === undefined ? [] : [data]).map(
    (part) => new Uint8Array(part),
  );
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

const size = z.int().min(1);

const topologySchema = z.object({
  class_name: z.literal('Sequential'),
  config: z.object({
    layers: z.array(z.object({ class_name: z.string(), config: z.record(z.string(), z.unknown()) })).min(2),
  }),
});

/** The options that the recurrent layers of a net must have. */
const recurrentSchema = z.object({
  units: size,
  return_sequences: z.literal(true),
  return_state: z.literal(false),
  go_backwards: z.literal(false),
  activation: z.literal('tanh').optional(),
  reset_after: z.literal(true).optional(),
});

const inputSchema = z.object({ batch_input_shape: z.tuple([z.null(), z.null(), size]) });

const denseSchema = z.object({
  units: size,
  activation: z.literal('linear'),
  use_bias: z.literal(true),
});

const cellOfClass = new Map<string, CellKind>(
  (Object.keys(recurrentLayers) as CellKind[]).map((cell) => [recurrentLayers[cell].className, cell]),
);

/**
 * Reads the spec of a net from the topology of a TensorFlow.js layers model.
 *
 * @param metadata the fields that the topology does not contain
 * @throws ModelError for a model that is not a net: other layers, options or order
 */
function readTopology(topology: unknown, metadata: NetMetadata): NetSpec {
  const { config } = parse(topologySchema, topology, 'model topology');
  const recurrent = config.layers.slice(0, -1);
  const last = config.layers[config.layers.length - 1];
  if (last.class_name !== 'Dense') {
    throw notANet(`layer ${config.layers.length - 1}: expected class Dense, got ${last.class_name}`);
  }
  const cells = recurrent.map(({ class_name: name }, layer) => {
    const cell = cellOfClass.get(name);
    if (cell === undefined) {
      throw notANet(`layer ${layer}: expected class ${[...cellOfClass.keys()].join(', ')}, got ${name}`);
    }
    return cell;
  });
  const units = recurrent.map((layer, index) => parse(recurrentSchema, layer.config, `layer ${index}`).units);
  for (let layer = 1; layer < cells.length; layer++) {
    if (cells[layer] !== cells[0] || units[layer] !== units[0]) {
      throw notANet(
        `layer ${layer}: expected ${cells[0]} of ${units[0]} units as in layer 0, got ${cells[layer]} of ${units[layer]} units`,
      );
    }
  }
  const columns = parse(denseSchema, last.config, `layer ${recurrent.length}`).units;
  const blocks = lossBlocks(metadata.loss);
  if (columns % blocks !== 0) {
    throw notANet(
      `layer ${recurrent.length}: expected a multiple of ${blocks} units for a ${metadata.loss?.kind} loss, got ${columns}`,
    );
  }
  return {
    cell: cells[0],
    units: units[0],
    layers: recurrent.length,
    features: parse(inputSchema, recurrent[0].config, 'layer 0').batch_input_shape[2],
    outputs: columns / blocks,
    ...metadata,
  };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw notANet([where, ...path.map(String)].join(': ') + `: ${message}`);
}

function notANet(reason: string): ModelError {
  return new ModelError(
    `${reason}; a net is a sequential model of OndaRNN, OndaLSTM or OndaGRU layers and a dense read-out, as onda fit writes it`,
  );
}

/**
 * Writes a net as the artifacts of a TensorFlow.js layers model.
 *
 * @param weights the values of each weight, in the order and layout of `weightSpecs`
 */
export function writeArtifacts(spec: NetSpec, weights: readonly Float32Array[]): io.ModelArtifacts {
  const specs = weightSpecs(spec);
  const whole = new Float32Array(weights.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const values of weights) {
    whole.set(values, offset);
    offset += values.length;
  }
  const metadata = writeMetadata(spec);
  return {
    format: 'layers-model',
    generatedBy: `TensorFlow.js tfjs-layers v${layersVersion}`,
    modelTopology: writeTopology(spec),
    weightSpecs: specs.map(({ name, shape }) => ({ name, shape: [...shape], dtype: 'float32' })),
    weightData: whole.buffer,
    ...(metadata && { userDefinedMetadata: metadata }),
  };
}

/** Configuration of each cell's layer beyond the common options. */
const ownConfig = {
  rnn: { activation: 'tanh' },
  lstm: {},
  gru: { reset_after: true },
} satisfies Record<CellKind, object>;

/** The topology of a sequential model in TensorFlow.js's format (Python-style keys). */
function writeTopology(spec: NetSpec): object {
  const { cell, units, layers, features } = spec;
  const recurrent = Array.from({ length: layers }, (_, layer) => ({
    class_name: recurrentLayers[cell].className,
    config: {
      name: layerName(layer),
      trainable: true,
      ...(layer === 0 ? { batch_input_shape: [null, null, features], dtype: 'float32' } : {}),
      units,
      return_sequences: true,
      return_state: false,
      go_backwards: false,
      ...ownConfig[cell],
    },
  }));
  const dense = {
    class_name: 'Dense',
    config: {
      name: readoutName,
      trainable: true,
      units: readoutColumns(spec),
      activation: 'linear',
      use_bias: true,
    },
  };
  return { class_name: 'Sequential', config: { name: 'onda', layers: [...recurrent, dense] } };
}

/** The parts of a spec that the layers do not contain. */
type NetMetadata = Pick<NetSpec, 'loss' | 'dropout'>;

const metadataSchema = z.object({
  loss: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.enum(['mse', 'mae', 'gaussian']) }),
      z.strictObject({ kind: z.literal('huber'), delta: z.number().positive().optional() }),
      z.strictObject({ kind: z.literal('quantile'), levels: z.array(z.number()) }),
    ])
    .optional(),
  dropout: z.strictObject({ rate: z.number().min(0).lt(1), seed: z.int() }).optional(),
});

/** The `userDefinedMetadata` of the artifacts, which TensorFlow.js preserves on load and save; undefined without loss and dropout. */
function writeMetadata({ loss, dropout }: NetSpec): { onda: NetMetadata } | undefined {
  if (loss === undefined && dropout === undefined) return undefined;
  return { onda: { ...(loss && { loss }), ...(dropout && { dropout }) } };
}

/**
 * Reads the metadata that `writeMetadata` wrote; it is optional.
 *
 * @throws ModelError for invalid metadata
 */
function readMetadata(metadata: object | undefined): NetMetadata {
  const onda = (metadata as { onda?: unknown } | undefined)?.onda;
  if (onda === undefined) return {};
  const result = metadataSchema.safeParse(onda);
  if (!result.success) {
    const [{ path, message }] = result.error.issues;
    throw notNetMetadata([...path.map(String), message].join(': '));
  }
  const { loss, dropout } = result.data;
  try {
    if (loss) lossAttributes(loss, 'loss');
  } catch (error) {
    throw notNetMetadata((error as Error).message, error);
  }
  return { ...(loss && { loss }), ...(dropout && { dropout }) };
}

function notNetMetadata(reason: string, cause?: unknown): ModelError {
  return new ModelError(
    `model metadata: onda: ${reason}; save the model again, or remove the entry from userDefinedMetadata`,
    { cause },
  );
}

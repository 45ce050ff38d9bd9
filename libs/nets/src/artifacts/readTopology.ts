import { z } from 'zod';
import type { CellKind } from '@onda/contract';
import { ModelError } from '@onda/contract';
import { recurrentLayers } from '../layers/recurrentLayers.ts';
import { lossBlocks } from '../losses/lossSpec.ts';
import type { NetSpec } from '../netSpec.ts';
import type { NetMetadata } from './netMetadata.ts';

const size = z.int().min(1);

const topologySchema = z.object({
  class_name: z.literal('Sequential'),
  config: z.object({
    layers: z.array(z.object({ class_name: z.string(), config: z.record(z.string(), z.unknown()) })).min(2),
  }),
});

/** The options of a recurrent layer that a net has. */
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
 * Reads what a net is made of from the topology of a TensorFlow.js layers model.
 *
 * @param metadata what the topology does not say
 * @throws ModelError for a model that is not a net: other layers, options or order
 */
export function readTopology(topology: unknown, metadata: NetMetadata): NetSpec {
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
    `${reason}; a net is a sequential model of OndaRNN, OndaLSTM or OndaGRU layers and a dense read-out, as Onda's trainer writes it`,
  );
}

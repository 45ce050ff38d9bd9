import type { CellKind, StateRow } from '@onda/contract';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import { LayerWeights } from '../artifacts/layerWeights.ts';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import type { Topology, TopologyLayer } from '../artifacts/topology.ts';
import { readTopology } from '../artifacts/topology.ts';
import type { Weight } from '../artifacts/weights.ts';
import { readWeights } from '../artifacts/weights.ts';
import { UnsupportedError } from '../errors.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import { readOndaLayer, readStockCell } from '../recurrent/recurrentWeights.ts';

export interface NetSpec {
  readonly cell: CellKind;
  readonly units: number;
  readonly layers: number;
  readonly features: number;
  readonly outputs: number;
}

/** A recurrent layer of a net, with its name. */
export interface NetLayer {
  readonly name: string;
  readonly weights: RecurrentWeights;
}

/** y = h kernel + bias. */
export interface Readout {
  readonly name: string;
  /** Row-major, shape [units, outputs]. */
  readonly kernel: Float32Array;
  /** Shape [outputs]. */
  readonly bias: Float32Array;
}

/** An Onda net: recurrent layers of one kind and size, then a linear read-out of every sample's h. */
export interface Net {
  readonly name: string;
  readonly spec: NetSpec;
  readonly layers: readonly NetLayer[];
  readonly readout: Readout;
}

const classNames = { rnn: 'OndaRNN', lstm: 'OndaLSTM', gru: 'OndaGRU' } as const satisfies Record<
  CellKind,
  string
>;

const cellOfClass = new Map<string, CellKind>(
  (Object.keys(classNames) as CellKind[]).map((cell) => [classNames[cell], cell]),
);

const stockCells = new Map<string, CellKind>([
  ['SimpleRNN', 'rnn'],
  ['LSTM', 'lstm'],
  ['GRU', 'gru'],
]);

/** Layers without effect at inference. */
const trainingOnly = ['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout'];

/**
 * Reads an Onda net from model artifacts.
 *
 * @param stock    also accepts TensorFlow.js's own layers, with layers without effect at inference between them
 * @param allowNan accepts weights that are not finite
 * @throws UnsupportedError for a model that is not such a net; ModelError for a damaged one
 */
export function readNet(
  artifacts: LayersArtifacts,
  { stock = false, allowNan = false }: { stock?: boolean; allowNan?: boolean } = {},
): Net {
  const topology = readTopology(artifacts.modelTopology);
  const weights = readWeights(artifacts, { allowNan });
  const chain = chainOf(topology).filter(
    ({ className }) => className !== 'InputLayer' && !(stock && trainingOnly.includes(className)),
  );
  const last = chain.at(-1);
  if (last === undefined || chain.length < 2) {
    throw notANet(
      `expected recurrent layers and a Dense read-out, got ${chain.length === 1 ? last?.className : 'none'}`,
    );
  }
  const layers = chain.slice(0, -1).map((layer) => readLayer(layer, weights, stock));
  const [{ weights: first }] = layers;
  layers.forEach(({ name, weights: { cell, units, features } }, index) => {
    const expected = index === 0 ? first.features : first.units;
    if (cell !== first.cell || units !== first.units || features !== expected) {
      throw notANet(
        `layer "${name}": expected ${first.cell} of ${first.units} units on ${expected} features, got ${cell} of ${units} units on ${features}`,
      );
    }
  });
  const { cell, units, features } = first;
  const readout = readReadout(last, units, weights);
  return {
    name: topology.name,
    spec: { cell, units, layers: layers.length, features, outputs: readout.bias.length },
    layers,
    readout,
  };
}

/** The layers of a chain, from input to output. */
function chainOf({ layers, ...model }: Topology): readonly TopologyLayer[] {
  layers.forEach(({ name, calls }, index) => {
    const before = index === 0 ? undefined : layers[index - 1];
    const [inputs] = calls;
    const taken = inputs.at(0);
    const chained =
      before === undefined ? taken === undefined : taken?.layer === before.name && taken.output === 0;
    if (!chained || inputs.length > 1 || calls.length > 1) {
      throw notANet(`layer "${name}": expected the layer before it as its only input`);
    }
  });
  const single = model.inputs.length === 1 && model.outputs.length === 1;
  const ends = single && model.outputs[0].layer === layers.at(-1)?.name;
  if (!ends) throw notANet('expected one input and one output, at the ends of the chain');
  return layers;
}

function readLayer(
  { name, className, config }: TopologyLayer,
  weights: ReadonlyMap<string, Weight>,
  stock: boolean,
): NetLayer {
  const cell = cellOfClass.get(className) ?? (stock ? stockCells.get(className) : undefined);
  if (cell === undefined) {
    throw notANet(`layer "${name}": expected ${[...cellOfClass.keys()].join(', ')}, got ${className}`);
  }
  const options = new LayerOptions(name, config);
  options.require('return_sequences', true, 'a net has a read-out of every sample', false);
  options.require('return_state', false, 'the states of a net are packed into state_in and state_out');
  options.require('go_backwards', false, 'a sequence served sample by sample has no end to start from');
  const own = new LayerWeights(name, weights);
  if (cellOfClass.has(className)) return { name, weights: readOndaLayer(cell, options, own) };
  const read = readStockCell(cell, options, own);
  if (read.scale !== undefined)
    throw notANet(`layer "${name}": its activation needs a scaled recurrent kernel`);
  if (read.composed !== undefined) throw notANet(`layer "${name}": no recurrent operator has its activation`);
  return { name, weights: read };
}

function readReadout(
  { name, className, config }: TopologyLayer,
  units: number,
  weights: ReadonlyMap<string, Weight>,
): Readout {
  if (className !== 'Dense') throw notANet(`layer "${name}": expected a Dense read-out, got ${className}`);
  const options = new LayerOptions(name, config);
  options.require('activation', 'linear', 'a net has a linear read-out');
  const outputs = options.count('units');
  const own = new LayerWeights(name, weights);
  return {
    name,
    kernel: own.get('kernel', [units, outputs]),
    bias: options.flag('use_bias', true) ? own.get('bias', [outputs]) : new Float32Array(outputs),
  };
}

function notANet(reason: string): UnsupportedError {
  return new UnsupportedError(
    `model: not an Onda net: ${reason}; export it as a layers model, or train a net of OndaRNN, OndaLSTM or OndaGRU layers and a Dense read-out`,
  );
}

/**
 * Whether `exportNet` accepts a model; `exportModel` accepts the others.
 *
 * @throws ModelError for damaged artifacts
 */
export function isOndaNet(artifacts: LayersArtifacts): boolean {
  try {
    readNet(artifacts, { allowNan: true });
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}

/** The layout of a sequence's state row: for each layer h, then c of an LSTM. */
export function stateRows({ layers }: Net): StateRow[] {
  const parts = layers.flatMap(({ name, weights: { cell, units } }) => {
    const kinds = cell === 'lstm' ? (['h', 'c'] as const) : (['h'] as const);
    return kinds.map((kind) => ({ layer: name, kind, size: units }));
  });
  let offset = 0;
  return parts.map(({ layer, kind, size }) => {
    const row = { layer, kind, offset, size };
    offset += size;
    return row;
  });
}

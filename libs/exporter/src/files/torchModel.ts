import { ModelError } from '@onda/contract';
import type { SavedModel } from '../artifacts/savedModel.ts';
import { savedModelOf } from '../artifacts/savedModel.ts';
import type { Weight } from '../artifacts/weights.ts';
import { UnsupportedError } from '../errors.ts';
import { readSafetensors } from './safetensors.ts';

/** Activations of torch.nn.RNN, which are not in its weights. */
export type Nonlinearity = 'tanh' | 'relu';

interface Linear {
  readonly kind: 'linear';
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

interface Recurrent {
  readonly kind: 'recurrent';
  readonly name: string;
  readonly cell: 'RNN' | 'LSTM' | 'GRU';
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly biased: boolean;
  readonly units: number;
  readonly inputs: number;
  readonly outputs: number;
}

type Module = Linear | Recurrent;

type Tensors = ReadonlyMap<string, Weight>;

/** Rows of weight_hh for each unit. */
const cells = new Map<number, Recurrent['cell']>([
  [1, 'RNN'],
  [4, 'LSTM'],
  [3, 'GRU'],
]);

/**
 * Reads a PyTorch state dict from a safetensors file: nn.RNN, nn.LSTM or nn.GRU, stacked and bidirectional, with nn.Linear around them. A state dict
 * has no order, so the modules are chained by their sizes, the recurrent one first where several orders fit; names that are numbers, as of
 * nn.Sequential, give the order.
 *
 * One-directional layers with a Linear behind become an Onda net, unless their activation is relu; others a model of Keras' layers, with the output of every sample.
 *
 * @param file         name for errors
 * @param nonlinearity of nn.RNN
 * @throws UnsupportedError for other modules, or if the order is not clear
 */
export function readTorchModel(bytes: Uint8Array, file: string, nonlinearity: Nonlinearity): SavedModel {
  const tensors = readSafetensors(bytes, file);
  const modules = chained(modulesOf(tensors, file), file);
  const writer = new LayerWriter(tensors, nonlinearity);
  const [first, last] = modules;
  const isNet =
    modules.length === 2 &&
    first.kind === 'recurrent' &&
    !first.bidirectional &&
    first.biased &&
    (first.cell !== 'RNN' || nonlinearity === 'tanh') &&
    last.kind === 'linear' &&
    tensors.has(`${last.name}bias`);
  for (const module of modules) {
    if (module.kind === 'linear') writer.linear(module, isNet ? 'readout' : nameOf(module));
    else if (isNet) writer.net(module);
    else writer.recurrent(module);
  }
  return writer.model(modules[0].inputs, isNet);
}

function nameOf({ name }: Module): string {
  return name.slice(0, -1).replaceAll('.', '_') || 'module';
}

/** The modules of a state dict; `name` ends with the dot before the tensor's own name. */
function modulesOf(tensors: Tensors, file: string): Module[] {
  const groups = new Map<string, string[]>();
  for (const key of tensors.keys()) {
    const end = key.lastIndexOf('.') + 1;
    const own = groups.get(key.slice(0, end));
    if (own === undefined) groups.set(key.slice(0, end), [key.slice(end)]);
    else own.push(key.slice(end));
  }
  return [...groups].map(([name, own]): Module => {
    const first = tensors.get(`${name}weight_hh_l0`);
    if (first !== undefined) return recurrentOf(tensors, name, own, first, file);
    const weight = tensors.get(`${name}weight`);
    if (weight?.shape.length === 2 && own.every((part) => part === 'weight' || part === 'bias')) {
      return { kind: 'linear', name, inputs: weight.shape[1], outputs: weight.shape[0] };
    }
    throw new UnsupportedError(
      `${file}: module "${name.slice(0, -1)}": expected the tensors of nn.RNN, nn.LSTM, nn.GRU or nn.Linear, got ${own.slice(0, 4).join(', ')}; export a model of these modules`,
    );
  });
}

function recurrentOf(
  tensors: Tensors,
  name: string,
  own: readonly string[],
  { shape }: Weight,
  file: string,
): Recurrent {
  const [rows, units] = shape;
  const cell = cells.get(rows / units);
  const parts = new Set(own);
  let layers = 0;
  while (parts.has(`weight_hh_l${layers}`)) layers++;
  const bidirectional = parts.has('weight_hh_l0_reverse');
  const biased = parts.has('bias_ih_l0');
  const kinds = ['weight_ih', 'weight_hh', ...(biased ? ['bias_ih', 'bias_hh'] : [])];
  const expected = kinds.length * layers * (bidirectional ? 2 : 1);
  if (cell === undefined || own.length !== expected || own.some((part) => part.startsWith('weight_hr'))) {
    throw new UnsupportedError(
      `${file}: module "${name.slice(0, -1)}": expected the tensors of nn.RNN, nn.LSTM or nn.GRU without projections, got ${own.length} tensors where ${expected} were expected; save the state dict again`,
    );
  }
  const inputs = tensors.get(`${name}weight_ih_l0`)?.shape[1] ?? 0;
  return {
    kind: 'recurrent',
    name,
    cell,
    layers,
    bidirectional,
    biased,
    units,
    inputs,
    outputs: units * (bidirectional ? 2 : 1),
  };
}

/** More modules would make the search for an order long. */
const MAX_MODULES = 8;

/**
 * The modules in an order in which the outputs of each fit the inputs of the next one; of several the one with the recurrent module first, as in
 * a net whose outputs are as many as its features.
 */
function chained(modules: readonly Module[], file: string): Module[] {
  if (!modules.some(({ kind }) => kind === 'recurrent'))
    throw new UnsupportedError(
      `${file}: expected a recurrent module, got none; export a model with nn.RNN, nn.LSTM or nn.GRU`,
    );
  const numbered = modules.map(({ name }) => /(\d+)\.$/.exec(name)?.[1]);
  const orders: Module[][] = [];
  if (numbered.every((number) => number !== undefined)) {
    orders.push(
      modules.toSorted(
        (a, b) =>
          Number.parseInt(a.name.replace(/^.*?(\d+)\.$/, '$1')) -
          Number.parseInt(b.name.replace(/^.*?(\d+)\.$/, '$1')),
      ),
    );
  } else if (modules.length <= MAX_MODULES) extend([], modules);
  const fits = orders.filter((order) =>
    order.every(({ inputs }, at) => at === 0 || order[at - 1].outputs === inputs),
  );
  const before = (order: readonly Module[]): number => order.findIndex(({ kind }) => kind === 'recurrent');
  const least = Math.min(...fits.map(before));
  const first = fits.filter((order) => before(order) === least);
  if (first.length === 1) return first[0];
  const listed = modules
    .map(({ name, inputs, outputs }) => `${name.slice(0, -1)} (${inputs} to ${outputs})`)
    .join(', ');
  throw new UnsupportedError(
    `${file}: expected modules that fit each other in one order, got ${fits.length === 0 ? 'none' : 'several orders'} of ${listed}; put them into an nn.Sequential, whose numbers give the order`,
  );

  function extend(order: Module[], rest: readonly Module[]): void {
    if (rest.length === 0) orders.push(order);
    for (const next of rest) {
      const before = order.at(-1);
      if (before === undefined || before.outputs === next.inputs)
        extend(
          [...order, next],
          rest.filter((one) => one !== next),
        );
    }
  }
}

/** For each gate of Keras its block of rows in PyTorch: LSTM i f g o is i f c o there, GRU r z n is z r h. */
const kerasGates = { RNN: [0], LSTM: [0, 1, 2, 3], GRU: [1, 0, 2] };

const identity = { RNN: [0], LSTM: [0, 1, 2, 3], GRU: [0, 1, 2] };

/** Writes layers with their weights. */
class LayerWriter {
  private readonly tensors: Tensors;
  private readonly nonlinearity: Nonlinearity;
  private readonly layers: { readonly class_name: string; readonly config: object }[] = [];
  private readonly weights: Weight[] = [];

  constructor(tensors: Tensors, nonlinearity: Nonlinearity) {
    this.tensors = tensors;
    this.nonlinearity = nonlinearity;
  }

  model(features: number, isNet: boolean): SavedModel {
    const input = { batch_input_shape: [null, null, features], dtype: 'float32' };
    const [first, ...others] = this.layers;
    // A net has no layer for its input.
    const layers = isNet
      ? [{ ...first, config: { ...first.config, ...input } }, ...others]
      : [{ class_name: 'InputLayer', config: { name: 'x', ...input } }, ...this.layers];
    const config = { name: 'torch', layers };
    // The layers of the general form have the meaning of Keras' ones.
    const source = isNet ? {} : { keras_version: '2.15.0', backend: 'tensorflow' };
    return savedModelOf({ class_name: 'Sequential', config, ...source }, this.weights);
  }

  linear({ name, inputs, outputs }: Linear, as: string): void {
    const biased = this.tensors.has(`${name}bias`);
    this.layer('Dense', as, { units: outputs, activation: 'linear', use_bias: biased });
    this.weight(
      `${as}/kernel`,
      [inputs, outputs],
      transposed(this.tensor(`${name}weight`, [outputs, inputs]), [0]),
    );
    if (biased) this.weight(`${as}/bias`, [outputs], this.tensor(`${name}bias`, [outputs]).data);
  }

  /** Layers of an Onda net, which keeps PyTorch's gates and its two biases. */
  net(module: Recurrent): void {
    const { cell, units } = module;
    const options = { RNN: { activation: 'tanh' }, LSTM: {}, GRU: { reset_after: true } }[cell];
    for (let layer = 0; layer < module.layers; layer++) {
      const as = `recurrent_${layer}`;
      this.layer(`Onda${cell}`, as, {
        units,
        return_sequences: true,
        return_state: false,
        go_backwards: false,
        ...options,
      });
      this.kernels(module, layer, '', as, identity[cell]);
      for (const [own, part] of [
        ['bias', 'bias_ih'],
        ['recurrent_bias', 'bias_hh'],
      ]) {
        const { data, shape } = this.tensor(`${module.name}${part}_l${layer}`, [
          identity[cell].length * units,
        ]);
        this.weight(`${as}/${own}`, shape, data);
      }
    }
  }

  recurrent(module: Recurrent): void {
    const { cell, units, biased } = module;
    const className = cell === 'RNN' ? 'SimpleRNN' : cell;
    const gates =
      cell === 'RNN'
        ? { activation: this.nonlinearity }
        : { activation: 'tanh', recurrent_activation: 'sigmoid' };
    const options = {
      units,
      return_sequences: true,
      use_bias: biased,
      ...gates,
      ...(cell === 'GRU' && { reset_after: true }),
    };
    for (let layer = 0; layer < module.layers; layer++) {
      const as = `${nameOf(module)}_l${layer}`;
      if (!module.bidirectional) {
        this.layer(className, as, options);
        this.kerasWeights(module, layer, '', as);
        continue;
      }
      this.layer('Bidirectional', as, {
        layer: { class_name: className, config: { name: 'cell', ...options } },
        merge_mode: 'concat',
      });
      this.kerasWeights(module, layer, '', `${as}/forward_cell`);
      this.kerasWeights(module, layer, '_reverse', `${as}/backward_cell`);
    }
  }

  /** Kernels, and one bias: the sum of both, or both in a GRU with reset_after. */
  private kerasWeights(module: Recurrent, layer: number, suffix: string, as: string): void {
    const { cell, units, biased, name } = module;
    const order = kerasGates[cell];
    this.kernels(module, layer, suffix, as, order);
    if (!biased) return;
    const size = order.length * units;
    const [input, recurrent] = ['bias_ih', 'bias_hh'].map((part) => {
      const tensor = this.tensor(`${name}${part}_l${layer}${suffix}`, [size]);
      return transposed({ ...tensor, shape: [size, 1] }, order);
    });
    if (cell === 'GRU') this.weight(`${as}/bias`, [2, size], Float32Array.of(...input, ...recurrent));
    else
      this.weight(
        `${as}/bias`,
        [size],
        input.map((value, at) => value + recurrent[at]),
      );
  }

  private kernels(
    { name, units, inputs, outputs }: Recurrent,
    layer: number,
    suffix: string,
    as: string,
    order: readonly number[],
  ): void {
    const size = order.length * units;
    const features = layer === 0 ? inputs : outputs;
    const kernel = this.tensor(`${name}weight_ih_l${layer}${suffix}`, [size, features]);
    const recurrent = this.tensor(`${name}weight_hh_l${layer}${suffix}`, [size, units]);
    this.weight(`${as}/kernel`, [features, size], transposed(kernel, order));
    this.weight(`${as}/recurrent_kernel`, [units, size], transposed(recurrent, order));
  }

  private layer(className: string, name: string, config: object): void {
    this.layers.push({
      class_name: className,
      config: { name, trainable: true, dtype: 'float32', ...config },
    });
  }

  private weight(name: string, shape: readonly number[], data: Float32Array): void {
    this.weights.push({ name, shape, data });
  }

  private tensor(name: string, shape: readonly number[]): Weight {
    const tensor = this.tensors.get(name);
    if (tensor !== undefined && String(tensor.shape) === String(shape)) return tensor;
    throw new ModelError(
      `tensor "${name}": expected shape [${shape.join(', ')}], got ${tensor === undefined ? 'none' : `[${tensor.shape.join(', ')}]`}; save the state dict again`,
    );
  }
}

/** [blocks * units, inputs] ---> [inputs, blocks * units] with the blocks in another order. */
function transposed({ shape: [rows, inputs], data }: Weight, order: readonly number[]): Float32Array {
  const units = rows / order.length;
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const from = order[Math.floor(row / units)] * units + (row % units);
    for (let input = 0; input < inputs; input++) result[input * rows + row] = data[from * inputs + input];
  }
  return result;
}

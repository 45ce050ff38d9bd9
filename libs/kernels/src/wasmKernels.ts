import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { cellKinds } from '@onda/contract';
import type { KernelCall } from './kernelCall.ts';
import type { OptimizerAttributes } from './optimizerOp.ts';
import { optimizerFactors, optimizerKernelName, optimizerKinds, slotCounts } from './optimizerOp.ts';
import type { ReadoutLossAttributes } from './readoutLossOp.ts';
import { lossKinds, readoutLossKernelName } from './readoutLossOp.ts';
import type { RecurrentAttributes } from './recurrentOp.ts';
import { recurrentKernelNames, reserveCounts } from './recurrentOp.ts';
import type { WasmModule } from './wasmModule.ts';
import { WasmCall } from './wasmTensors.ts';

/** The kernels of all ops on a module, for TF.js's `cpu` backend. */
export function wasmKernels(module: WasmModule): KernelConfig[] {
  const kernel = (
    kernelName: string,
    run: (module: WasmModule, call: KernelCall) => TensorInfo[],
  ): KernelConfig => ({ kernelName, backendName: 'cpu', kernelFunc: (call) => run(module, call) });
  return [
    kernel(recurrentKernelNames.forward, recurrentForward),
    kernel(recurrentKernelNames.backward, recurrentBackward),
    kernel(readoutLossKernelName, readoutLoss),
    kernel(optimizerKernelName, optimizer),
  ];
}

/** Words of the structures in wasm/abi.cc and core/sequence.h. */
const RECURRENT_WORDS = 13;
const FORWARD_RESULTS = 4;
const BACKWARD_INPUTS = 5;
const BACKWARD_RESULTS = 7;

function recurrentForward(module: WasmModule, { inputs, backend, attrs }: KernelCall): TensorInfo[] {
  const attributes = attrs as unknown as RecurrentAttributes;
  const { cell, training } = attributes;
  const lstm = cell === 'lstm';
  const call = new WasmCall(module, backend, cell, inputs, lstm ? 7 : 6);
  const { batch, time, units } = sizesOf(call);
  const y = call.output([batch, time, units]);
  const h = call.output([batch, units]);
  const c = lstm ? call.output([batch, units]) : 0;
  const reserve = call.output(training ? [batch, time, reserveCounts[cell] * units] : [0]);
  return call.run(RECURRENT_WORDS + FORWARD_RESULTS, (addresses, { words, at }) => {
    writeRecurrent(words, at, call, attributes, addresses);
    words.set([y, h, c, training ? reserve : 0], at + RECURRENT_WORDS);
    return module.exports.recurrent(4 * at, 4 * (at + RECURRENT_WORDS));
  });
}

function recurrentBackward(module: WasmModule, { inputs, backend, attrs }: KernelCall): TensorInfo[] {
  const attributes = attrs as unknown as RecurrentAttributes;
  const lstm = attributes.cell === 'lstm';
  const call = new WasmCall(module, backend, `${attributes.cell} gradient`, inputs, lstm ? 12 : 10);
  const forwardInputs = lstm ? 7 : 6;
  const results = call.inputs
    .slice(0, forwardInputs)
    .map(({ shape }, index) => call.output(index === 0 && !attributes.inputGradient ? [0] : shape));
  const inputsAt = RECURRENT_WORDS;
  const resultsAt = inputsAt + BACKWARD_INPUTS;
  return call.run(resultsAt + BACKWARD_RESULTS, (addresses, { words, at }) => {
    writeRecurrent(words, at, call, attributes, addresses);
    const [y, reserve, dy, dh, dc = 0] = addresses.slice(forwardInputs);
    words.set([y, reserve, dy, dh, dc], at + inputsAt);
    const [dx, dKernel, dRecurrentKernel, dBias, dRecurrentBias, dh0, dc0 = 0] = results;
    words.set(
      [attributes.inputGradient ? dx : 0, dKernel, dRecurrentKernel, dBias, dRecurrentBias, dh0, dc0],
      at + resultsAt,
    );
    return module.exports.recurrentGrad(4 * at, 4 * (at + inputsAt), 4 * (at + resultsAt));
  });
}

interface Sizes {
  batch: number;
  time: number;
  features: number;
  units: number;
}

function sizesOf({ inputs }: WasmCall): Sizes {
  const [batch, time, features] = inputs[0].shape;
  return { batch, time, features, units: inputs[2].shape[0] };
}

/** RecurrentArguments of wasm/abi.cc. */
function writeRecurrent(
  words: Int32Array,
  at: number,
  call: WasmCall,
  { cell, activation, resetAfter, reverse }: RecurrentAttributes,
  [x, kernel, recurrentKernel, bias, recurrentBias, h0, c0]: readonly number[],
): void {
  const { batch, time, features, units } = sizesOf(call);
  const flags = (activation === 'relu' ? 1 : 0) | (resetAfter ? 0 : 2) | (reverse ? 4 : 0);
  words.set([cellKinds.indexOf(cell), flags, batch, time, features, units], at);
  words.set([x, kernel, recurrentKernel, bias, recurrentBias, h0, cell === 'lstm' ? c0 : 0], at + 6);
}

/** Words of ReadoutLoss in core/readoutLoss.h. */
const READOUT_WORDS = 16;

function readoutLoss(module: WasmModule, { inputs, backend, attrs }: KernelCall): TensorInfo[] {
  const { loss, delta, levels, gradients } = attrs as unknown as ReadoutLossAttributes;
  const call = new WasmCall(module, backend, 'read-out loss', inputs, 4);
  const [hidden, kernel, bias, target] = call.inputs;
  const [batch, time, units] = hidden.shape;
  const outputs = target.shape[2];
  const value = call.output([]);
  const prediction = call.output([batch, time, kernel.shape[1]]);
  const [dHidden, dKernel, dBias] = gradients
    ? [hidden, kernel, bias].map(({ shape }) => call.output(shape))
    : [0, 0, 0];
  return call.run(READOUT_WORDS + levels.length, (addresses, { words, floats, at }) => {
    const levelsAt = at + READOUT_WORDS;
    words[at] = lossKinds.indexOf(loss);
    floats[at + 1] = delta;
    words.set([4 * levelsAt, levels.length, batch * time, units, outputs, ...addresses], at + 2);
    words.set([value, prediction, dHidden, dKernel, dBias], at + 11);
    floats.set(levels, levelsAt);
    return module.exports.readoutLoss(4 * at);
  });
}

/** Numbers of OptimizerFactors, and words of OptimizerVariable, in core/optimizer.h. */
const FACTORS = 10;
const VARIABLE_WORDS = 5;

function optimizer(module: WasmModule, { inputs, backend, attrs }: KernelCall): TensorInfo[] {
  const attributes = attrs as unknown as OptimizerAttributes;
  const call = new WasmCall(module, backend, 'optimizer', inputs);
  const count = (call.inputs.length - 1) / 2;
  const variables = call.inputs.slice(0, count);
  const values = variables.map(({ shape }) => call.output(shape));
  const sizes = variables.map(({ shape }) => shape.reduce((product, dim) => product * dim, 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const newSlots = call.output([slotCounts[attributes.kind] * total]);
  return call.run(FACTORS + count * VARIABLE_WORDS, (addresses, { words, floats, at }) => {
    floats.set(optimizerFactors(attributes), at);
    const variablesAt = at + FACTORS;
    let offset = 0;
    for (let index = 0; index < count; index++) {
      words.set(
        [sizes[index], addresses[index], addresses[count + index], values[index], offset],
        variablesAt + index * VARIABLE_WORDS,
      );
      offset += sizes[index];
    }
    const kind = optimizerKinds.indexOf(attributes.kind);
    return module.exports.optimizer(
      kind,
      4 * at,
      4 * variablesAt,
      count,
      addresses[2 * count],
      newSlots,
      total,
    );
  });
}

import type { Tensor2D } from '@tensorflow/tfjs-core';
import { add, concat, matMul, mul, scalar, sigmoid, slice, split, sub, tanh } from '@tensorflow/tfjs-core';
import type { ComposedCell } from './composedCell.ts';
import { throughSigmoid, throughTanh } from './slopes.ts';

/** r, z = sigmoid(...); n = tanh(...), the reset gate after or before n's recurrent product; h_t = (1 - z) n + z h_(t-1) */
export const gruSteps: ComposedCell = {
  step(inputProduct, { h }, { recurrentKernel, recurrentBias }, { resetAfter }) {
    const units = h.shape[1];
    const [inputR, inputZ, inputN] = split(inputProduct, 3, 1);
    const [kernelGates, kernelN] = gatesAndN(recurrentKernel, units);
    const [biasGates, biasN] = gatesAndN(recurrentBias, units);
    const [recurrentR, recurrentZ] = split(add(matMul(h, kernelGates), biasGates), 2, 1);
    const r = sigmoid(add<Tensor2D>(inputR, recurrentR));
    const z = sigmoid(add<Tensor2D>(inputZ, recurrentZ));
    const last = resetAfter ? add<Tensor2D>(matMul(h, kernelN), biasN) : mul<Tensor2D>(r, h);
    const recurrentN = resetAfter ? mul<Tensor2D>(r, last) : add<Tensor2D>(matMul(last, kernelN), biasN);
    const n = tanh(add<Tensor2D>(inputN, recurrentN));
    return { state: { h: add(n, mul(z, sub(h, n))) }, reserve: [r, z, n, last] };
  },
  stepBack({ before: { h }, reserve }, { h: dOut }, { recurrentKernel }, { resetAfter }) {
    const [r, z, n, last] = reserve;
    const [kernelGates, kernelN] = gatesAndN(recurrentKernel, h.shape[1]);
    const dZ = throughSigmoid(mul(dOut, sub(h, n)), z);
    const dN = throughTanh(mul(dOut, sub(scalar(1), z)), n);
    const dRecurrentN = resetAfter ? mul<Tensor2D>(dN, r) : dN;
    const throughN = matMul<Tensor2D>(dRecurrentN, kernelN, false, true);
    const dR = throughSigmoid(resetAfter ? mul(dN, last) : mul(throughN, h), r);
    const dGates = concat([dR, dZ], 1);
    const dBefore = add(matMul(dGates, kernelGates, false, true), resetAfter ? throughN : mul(throughN, r));
    return {
      dInput: concat([dGates, dN], 1),
      dRecurrent: concat([dGates, dRecurrentN], 1),
      before: { h: add(dBefore, mul(dOut, z)) },
    };
  },
  dRecurrentKernel(states, reserve, dRecurrent, { resetAfter }) {
    if (resetAfter) return matMul(states, dRecurrent, true);
    const units = states.shape[1];
    const reset = slice(reserve, [0, 3 * units], [-1, units]);
    const [dGates, dN] = gatesAndN(dRecurrent, units);
    return concat([matMul<Tensor2D>(states, dGates, true), matMul<Tensor2D>(reset, dN, true)], 1);
  },
};

/** Columns of r and z, and columns of n. */
function gatesAndN(columns: Tensor2D, units: number): [Tensor2D, Tensor2D] {
  return [slice(columns, [0, 0], [-1, 2 * units]), slice(columns, [0, 2 * units], [-1, units])];
}

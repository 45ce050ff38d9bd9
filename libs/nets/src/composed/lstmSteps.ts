import type { Tensor2D } from '@tensorflow/tfjs-core';
import { add, concat, matMul, mul, sigmoid, split, tanh } from '@tensorflow/tfjs-core';
import type { ComposedCell } from './composedCell.ts';
import { cellStateOf } from './composedCell.ts';
import { throughSigmoid, throughTanh } from './slopes.ts';

/** i, f, o = sigmoid(...), g = tanh(...); c_t = f c_(t-1) + i g; h_t = o tanh(c_t) */
export const lstmSteps: ComposedCell = {
  step(inputProduct, before, { recurrentKernel, recurrentBias }) {
    const sums = add<Tensor2D>(inputProduct, add(matMul(before.h, recurrentKernel), recurrentBias));
    const [sumI, sumF, sumG, sumO] = split<Tensor2D>(sums, 4, 1);
    const i = sigmoid(sumI);
    const f = sigmoid(sumF);
    const g = tanh(sumG);
    const o = sigmoid(sumO);
    const c = add<Tensor2D>(mul(f, cellStateOf(before)), mul(i, g));
    return { state: { h: mul<Tensor2D>(o, tanh(c)), c }, reserve: [i, f, g, o, c] };
  },
  stepBack({ before, reserve }, gradient, { recurrentKernel }) {
    const [i, f, g, o, c] = reserve;
    const shape = tanh(c);
    const dCell = add<Tensor2D>(cellStateOf(gradient), throughTanh(mul(gradient.h, o), shape));
    const dGates = concat(
      [
        throughSigmoid(mul(dCell, g), i),
        throughSigmoid(mul(dCell, cellStateOf(before)), f),
        throughTanh(mul(dCell, i), g),
        throughSigmoid(mul(gradient.h, shape), o),
      ],
      1,
    );
    return {
      dInput: dGates,
      dRecurrent: dGates,
      before: { h: matMul(dGates, recurrentKernel, false, true), c: mul<Tensor2D>(dCell, f) },
    };
  },
  dRecurrentKernel: (states, _reserve, dRecurrent) => matMul(states, dRecurrent, true),
};

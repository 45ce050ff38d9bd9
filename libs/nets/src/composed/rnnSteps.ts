import type { Tensor2D } from '@tensorflow/tfjs-core';
import { add, matMul, relu, step as aboveZero, mul, tanh } from '@tensorflow/tfjs-core';
import type { ComposedCell } from './composedCell.ts';
import { throughTanh } from './slopes.ts';

/** h_t = act(x_t W + b + h_(t-1) R + rb) */
export const rnnSteps: ComposedCell = {
  step(inputProduct, before, { recurrentKernel, recurrentBias }, { activation }) {
    const sums = add<Tensor2D>(inputProduct, add(matMul(before.h, recurrentKernel), recurrentBias));
    return { state: { h: activation === 'relu' ? relu(sums) : tanh(sums) }, reserve: [] };
  },
  stepBack({ after }, gradient, { recurrentKernel }, { activation }) {
    const dSums =
      activation === 'relu'
        ? mul<Tensor2D>(gradient.h, aboveZero(after.h))
        : throughTanh(gradient.h, after.h);
    return {
      dInput: dSums,
      dRecurrent: dSums,
      before: { h: matMul(dSums, recurrentKernel, false, true) },
    };
  },
  dRecurrentKernel: (states, _reserve, dRecurrent) => matMul(states, dRecurrent, true),
};

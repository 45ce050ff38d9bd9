import type { Scalar, Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import {
  concat,
  dispose,
  io,
  losses,
  memory,
  profile,
  slice,
  tidy,
  variableGrads,
  zeros,
} from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { cellKinds, ConfigError, ShapeError } from '@onda/contract';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerLayers } from './layers/registerLayers.ts';
import { Net } from './net.ts';
import type { NetSpec } from './netSpec.ts';
import { openWasmBackend, readoutLossKernelName, recurrentKernelNames } from '@onda/kernels';
import { DIFFERENCE_ATOL, expectClose, made, slopeOf } from './testing/netCase.ts';
import { seededUniform } from './testing/randomNumbers.ts';

const specs: NetSpec[] = cellKinds.flatMap((cell) => [
  { cell, units: 5, layers: 1, features: 1, outputs: 1 },
  { cell, units: 4, layers: 3, features: 2, outputs: 3 },
]);
const cases = specs.map((spec): [string, NetSpec] => [`${spec.cell}, ${spec.layers} layers`, spec]);

beforeAll(async () => {
  await openWasmBackend();
  registerLayers();
});

describe.each(cases)('Net, %s', (_, spec) => {
  it('is a layers model that TensorFlow.js loads, with the same values from a zero state', async () => {
    const net = Net.create(spec, seededUniform(1));
    const model = await loadLayersModel(io.fromMemory(net.toArtifacts()));
    const { x } = made(net);
    tidy(() => {
      expectClose(net.forward(x, net.zeroState(3)).y, model.predict(x) as Tensor);
    });
  });

  it('gives the same gradients as TensorFlow.js for the layers', async () => {
    const net = Net.create(spec, seededUniform(1));
    const model = await loadLayersModel(io.fromMemory(net.toArtifacts()));
    const { x, y } = made(net);
    tidy(() => {
      const ours = net.lossAndGradients(x, y, net.zeroState(3), 'mse');
      const theirs = variableGrads(() =>
        losses.meanSquaredError<Tensor3D, Scalar>(y, model.apply(x) as Tensor3D),
      );
      expectClose(ours.loss, theirs.value);
      const names = model.trainableWeights.map(({ name }) => name);
      expect(names).toHaveLength(ours.gradients.length);
      ours.gradients.forEach((gradient, index) => {
        expect(gradient.shape).toEqual(net.variables[index].shape);
        expectClose(gradient, theirs.grads[names[index]]);
      });
      const run = net.forward(x, net.zeroState(3));
      expectClose(ours.prediction, run.y);
      expectClose(ours.state, run.state);
    });
  });

  it('gives the gradients of finite differences from a non-zero state', () => {
    const net = Net.create(spec, seededUniform(2));
    const { x, y, state } = made(net);
    const { gradients } = net.lossAndGradients(x, y, state, 'mse');
    net.variables.forEach((weight, index) => {
      const slope = slopeOf(weight, () => net.lossAndGradients(x, y, state, 'mse').loss);
      expect(Math.abs(gradients[index].dataSync()[0] - slope)).toBeLessThan(DIFFERENCE_ATOL);
    });
  });

  it('continues where it stopped when the state row is passed on', () => {
    const net = Net.create(spec, seededUniform(1));
    const { x, state } = made(net);
    tidy(() => {
      const whole = net.forward(x, state);
      const first = net.forward(slice(x, [0, 0, 0], [-1, 2, -1]), state);
      const second = net.forward(slice(x, [0, 2, 0]), first.state);
      expectClose(concat([first.y, second.y], 1), whole.y);
      expectClose(second.state, whole.state);
    });
  });

  it('is restored bit for bit from its artifacts and from those TensorFlow.js saves', async () => {
    const net = Net.create(spec, seededUniform(1));
    const model = await loadLayersModel(io.fromMemory(net.toArtifacts()));
    const saved: io.ModelArtifacts[] = [];
    await model.save(
      io.withSaveHandler((artifacts) => {
        saved.push(artifacts);
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
      }),
    );
    for (const artifacts of [net.toArtifacts(), saved[0]]) {
      const copy = Net.fromArtifacts(artifacts);
      expect(copy.spec).toEqual(spec);
      expect(copy.variables.map((weight) => weight.dataSync())).toEqual(
        net.variables.map((weight) => weight.dataSync()),
      );
      copy.dispose();
    }
  });

  it('leaks no tensor', () => {
    const before = memory().numTensors;
    const net = Net.create(spec, seededUniform(1));
    const inputs = made(net);
    const held = memory().numTensors;
    for (let step = 0; step < 5; step++) {
      const { loss, prediction, state, gradients } = net.lossAndGradients(
        inputs.x,
        inputs.y,
        inputs.state,
        'mse',
      );
      dispose([loss, prediction, state, ...gradients]);
      dispose(net.forward(inputs.x, inputs.state));
      tidy(() => {
        const part = (tensor: Tensor3D): Tensor3D => slice(tensor, [0, 0, 0], [2, -1, -1]);
        net.lossAndGradients(part(inputs.x), part(inputs.y), net.zeroState(2));
      });
      net.toArtifacts();
      expect(memory().numTensors).toBe(held);
    }
    dispose([inputs.x, inputs.y, inputs.state]);
    net.dispose();
    expect(memory().numTensors).toBe(before);
  });
});

describe(Net, () => {
  it.each(['rnn', 'gru'] as const)('takes three ops for a training step of one %s layer', async (cell) => {
    const net = Net.create({ cell, units: 4, layers: 1, features: 1, outputs: 1 }, seededUniform(1));
    const { x, y, state } = made(net);
    const { kernels } = await profile(() => net.lossAndGradients(x, y, state, 'mse').loss);
    expect(kernels.map(({ name }) => name)).toEqual([
      recurrentKernelNames.forward,
      readoutLossKernelName,
      recurrentKernelNames.backward,
    ]);
  });

  it('rejects an invalid spec', () => {
    expect(() => Net.create({ ...specs[0], units: 0 }, seededUniform(1))).toThrow(
      new ConfigError('net units: expected a whole number of at least 1, got 0; set it'),
    );
  });

  it('packs h, then c, of each layer into the state row', () => {
    const net = Net.create({ cell: 'lstm', units: 5, layers: 2, features: 1, outputs: 1 }, seededUniform(1));
    expect(net.stateRows).toEqual([
      { layer: 'recurrent_0', kind: 'h', offset: 0, size: 5 },
      { layer: 'recurrent_0', kind: 'c', offset: 5, size: 5 },
      { layer: 'recurrent_1', kind: 'h', offset: 10, size: 5 },
      { layer: 'recurrent_1', kind: 'c', offset: 15, size: 5 },
    ]);
    expect(net.stateSize).toBe(20);
    expect(net.zeroState(2).shape).toEqual([2, 20]);
  });

  it('packs h of each layer of a cell without c', () => {
    const net = Net.create({ cell: 'gru', units: 3, layers: 2, features: 1, outputs: 1 }, seededUniform(1));
    expect(net.stateRows.map(({ kind, offset }) => [kind, offset])).toEqual([
      ['h', 0],
      ['h', 3],
    ]);
  });

  it('gives the same bits for the same random numbers and other bits for others', () => {
    const values = (seed: number): unknown => {
      const net = Net.create(specs[3], seededUniform(seed));
      const { x, y, state } = made(net);
      const { loss, gradients } = net.lossAndGradients(x, y, state, 'mse');
      return [loss, ...gradients].map((part) => part.dataSync());
    };
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });

  const net = (): Net =>
    Net.create({ cell: 'lstm', units: 2, layers: 1, features: 3, outputs: 1 }, seededUniform(1));
  const rejected: [name: string, x: number[], y: number[], state: number[], message: string][] = [
    [
      'x of other features',
      [1, 2, 1],
      [1, 2, 1],
      [1, 4],
      'net input "x": expected shape [batch, time, 3], got [1, 2, 1]',
    ],
    [
      'x of another rank',
      [2, 3],
      [1, 2, 1],
      [1, 4],
      'net input "x": expected shape [batch, time, 3], got [2, 3]',
    ],
    [
      'no samples',
      [1, 0, 3],
      [1, 0, 1],
      [1, 4],
      'net input "x": expected shape [batch, time, 3], got [1, 0, 3]',
    ],
    [
      'a state row of h alone',
      [1, 2, 3],
      [1, 2, 1],
      [1, 2],
      'net input "state": expected shape [batch, 4], got [1, 2]',
    ],
    [
      'a state of another batch',
      [2, 2, 3],
      [2, 2, 1],
      [1, 4],
      'net input "state": expected shape [batch, 4], got [1, 4]',
    ],
    [
      'y of another time',
      [1, 2, 3],
      [1, 3, 1],
      [1, 4],
      'net input "y": expected shape [batch, time, 1], got [1, 3, 1]',
    ],
  ];
  it.each(rejected)('rejects %s', (_, x, y, state, message) => {
    expect(() =>
      net().lossAndGradients(
        zeros<never>(x as never),
        zeros<never>(y as never),
        zeros<never>(state as never),
        'mse',
      ),
    ).toThrow(
      new ShapeError(`${message}; pass that shape, with every dim at least 1 and the batch and time of x`),
    );
  });
});

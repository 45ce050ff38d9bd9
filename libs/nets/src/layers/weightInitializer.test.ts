import { tidy } from '@tensorflow/tfjs-core';
import { initializers } from '@tensorflow/tfjs-layers';
import { ConfigError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { describe, expect, it } from 'vitest';
import { initializerConfig, weightInitializer } from './weightInitializer.ts';

await openWasmBackend();

const values = (option: unknown): number[] =>
  tidy(() => Array.from(weightInitializer(option, 'test').apply([2, 3]).dataSync()));

describe(weightInitializer, () => {
  it('takes a name, an initializer and its saved configuration', () => {
    expect(values('ones')).toEqual([1, 1, 1, 1, 1, 1]);
    expect(values(initializers.constant({ value: 3 }))).toEqual([3, 3, 3, 3, 3, 3]);
    const drawn = initializers.randomNormal({ seed: 4 });
    expect(values(initializerConfig(drawn))).toEqual(values(initializers.randomNormal({ seed: 4 })));
    expect(values('glorotUniform')).toHaveLength(6);
  });

  it('draws from the seed with a name', () => {
    for (const name of ['orthogonal', 'glorotUniform']) {
      const drawn = (seed: number): number[] =>
        tidy(() => Array.from(weightInitializer(name, 'test', seed).apply([3, 3]).dataSync()));
      expect(drawn(7)).toEqual(drawn(7));
      expect(drawn(7)).not.toEqual(drawn(8));
    }
  });

  const message = (given: string): string =>
    `layer "a": biasInitializer: expected an initializer of tf.initializers or one of zeros, ones, glorotNormal, glorotUniform, heNormal, heUniform, leCunNormal, leCunUniform, orthogonal, got ${given}; use one of them`;
  const rejected: [name: string, option: unknown, message: string][] = [
    ['another name', 'xavier', message('"xavier"')],
    ['a number', 3, message('3')],
    [
      'a layer',
      { className: 'Dense', config: { units: 1 } },
      message('{"className":"Dense","config":{"units":1}}'),
    ],
    ['nothing', null, message('null')],
  ];
  it.each(rejected)('rejects %s', (_, option, text) => {
    expect(() => weightInitializer(option, 'layer "a": biasInitializer')).toThrow(new ConfigError(text));
  });
});

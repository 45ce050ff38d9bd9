import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { parseSystem } from './systems.ts';

describe(parseSystem, () => {
  it('takes the systems that there are', () => {
    expect(parseSystem('onda-native')).toBe('onda-native');
  });

  it('refuses another', () => {
    expect(() => parseSystem('keras')).toThrow(
      new ConfigError(
        '--systems: expected some of onda-native, onda-portable, pytorch, pytorch-fused, tfjs-node-layers, got "keras"; correct the name',
      ),
    );
  });
});

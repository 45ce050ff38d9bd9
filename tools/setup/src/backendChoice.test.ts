import { describe, expect, it } from 'vitest';
import { backendChoice } from './backendChoice.mjs';

describe(backendChoice, () => {
  it.each([
    [undefined, 'auto'],
    ['', 'auto'],
    ['auto', 'auto'],
    ['cpu', 'cpu'],
    ['tensorflow', 'tensorflow'],
  ])('reads %s as %s', (value, choice) => {
    expect(backendChoice({ ONDA_BACKEND: value })).toBe(choice);
  });

  it('refuses another word', () => {
    expect(() => backendChoice({ ONDA_BACKEND: 'gpu' })).toThrow(
      'ONDA_BACKEND: expected tensorflow, cpu or auto, got "gpu"; leave it out to take TensorFlow where it can be had.',
    );
  });
});

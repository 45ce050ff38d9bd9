import { describe, expect, it } from 'vitest';
import { figure, figureRange } from './figures.ts';

describe(figure, () => {
  it.each([
    [0, '0'],
    [0.06349, '0.0635'],
    [0.5, '0.500'],
    [12.345, '12.3'],
    [159.4, '159'],
    [12345.6, '12346'],
  ])('shows %d as %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });
});

describe(figureRange, () => {
  it('goes from least to greatest', () => {
    expect(figureRange(0.21, 3)).toBe('0.210 – 3.00');
  });
});

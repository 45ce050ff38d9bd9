import { describe, expect, it } from 'vitest';
import { terminalChart } from './terminalChart.ts';

describe(terminalChart, () => {
  it('draws a rising line from the lower left to the upper right', () => {
    expect(terminalChart([0, 1], 4, 2)).toBe('     1.00 ⠀⠀⣠⠞\n     0.00 ⣠⠞⠁⠀');
  });

  it('draws a constant line without dividing by zero', () => {
    expect(terminalChart([2, 2, 2], 2, 1)).toContain('⠉⠉');
  });
});

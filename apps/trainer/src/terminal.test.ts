import { describe, expect, it } from 'vitest';
import { createProgressLine, durationText, terminalChart } from './terminal.ts';

describe(durationText, () => {
  it.each([
    [0.42, '0.4 s'],
    [12.4, '12 s'],
    [200, '3 min 20 s'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

describe(createProgressLine, () => {
  it('writes whole lines where there is no terminal, with rate and time left', () => {
    let written = '';
    let clock = 0;
    const line = createProgressLine('fit', {
      stream: { write: (text) => (written += text) },
      now: () => clock,
    });
    clock = 1000;
    expect(line.due()).toBe(false);
    clock = 2000;
    expect(line.due()).toBe(true);
    line.update(50, 100, 'loss 0.1');
    line.end(100, 100, 'loss 0.05');
    expect(written).toBe('fit 50/100  loss 0.1  25/s, 2.0 s left\nfit 100/100  loss 0.05  50/s, 2.0 s\n');
  });
});

describe('the rate of a resumed fit', () => {
  it('counts its own steps alone', () => {
    let written = '';
    let clock = 0;
    const stream = { write: (text: string) => (written += text) };
    const line = createProgressLine('fit', { from: 80, stream, now: () => clock });
    clock = 1000;
    line.update(90, 100, 'loss 0.1');
    expect(written).toBe('fit 90/100  loss 0.1  10/s, 1.0 s left\n');
  });
});

describe(terminalChart, () => {
  it('draws a rising line from the lower left to the upper right', () => {
    expect(terminalChart([0, 1], 4, 2)).toBe('     1.00 ⠀⠀⣠⠞\n     0.00 ⣠⠞⠁⠀');
  });

  it('draws a constant line without dividing by zero', () => {
    expect(terminalChart([2, 2, 2], 2, 1)).toContain('⠉⠉');
  });
});

import { describe, expect, it } from 'vitest';
import { bytesText, countText, smallText, valueText } from './text.ts';

describe(smallText, () => {
  it.each([
    [0.08424, '0.0842'],
    [-0.5, '−0.5'],
    [0.0000123, '1.23e-5'],
    [152.4, '152'],
    [123456, '1.23e+5'],
    [0, '0'],
    [NaN, '–'],
  ])('writes %d to three digits', (value, text) => {
    expect(smallText(value)).toBe(text);
  });
});

describe(countText, () => {
  it('separates the thousands', () => {
    expect(countText(1153)).toBe('1,153');
  });
});

describe(bytesText, () => {
  it('takes the unit that fits', () => {
    expect([512, 5203, 3_000_000].map(bytesText)).toEqual(['512 B', '5.1 KiB', '2.9 MiB']);
  });
});

describe(valueText, () => {
  it('writes six digits after the point, and nothing for no value', () => {
    expect([valueText(0.1), valueText(NaN)]).toEqual(['0.100000', '']);
  });
});

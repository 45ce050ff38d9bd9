import { DataError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { pageWithFigures } from './page.ts';

const machine = {
  cpu: 'made up',
  cores: 2,
  memoryGiB: 4,
  os: 'Linux 6',
  node: '20.20.2',
  date: '2026-11-24',
};
const result = {
  section: 'training',
  tables: [{ title: 'Times', head: ['work'], rows: [['a']] }],
  notes: ['one', 'two'],
  picture: { alt: 'a drawing', svg: '<svg/>' },
};
const page = '# Page\n\n<!-- bench training -->\n\nold\n\n<!-- end training -->\n\nrest\n';
const figures = `Measured 2026-11-24, made up, 2 cores, 4 GiB, Linux 6, Node 20.20.2.

![a drawing](images/training.svg)

**Times**

| work |
| --- |
| a |

- one
- two`;

describe(pageWithFigures, () => {
  it('replaces what stands in the place of the bench', () => {
    const whole = `# Page\n\n<!-- bench training -->\n\n${figures}\n\n<!-- end training -->\n\nrest\n`;
    expect(pageWithFigures(page, result, machine, 'images/training.svg')).toBe(whole);
    expect(pageWithFigures(whole, result, machine, 'images/training.svg')).toBe(whole);
  });

  it('refuses a page without that place', () => {
    expect(() => pageWithFigures('# Page\n', result, machine, null)).toThrow(
      new DataError(
        'performance page: expected the lines "<!-- bench training -->" and "<!-- end training -->" in this order, found no such place; put them where the figures go',
      ),
    );
  });
});

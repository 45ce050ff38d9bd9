import { DataError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { pageWithSection } from './page.ts';

const section = {
  ...{ section: 'training', measured: '2026-11-24, test, 2 cores, 4 GiB, Linux 6, Node 20.20.2' },
  tables: [{ title: 'Times', head: ['work'], rows: [['a']] }],
  notes: ['one', 'two'],
  chart: { alt: 'a chart', file: 'training.svg' },
};
const page = '# Page\n\n<!-- bench training -->\n\nold\n\n<!-- end training -->\n\nrest\n';
const figures = `Measured 2026-11-24, test, 2 cores, 4 GiB, Linux 6, Node 20.20.2.

![a chart](training.svg)

**Times**

| work |
| --- |
| a |

- one
- two`;

describe(pageWithSection, () => {
  it('replaces the section of the bench', () => {
    const whole = `# Page\n\n<!-- bench training -->\n\n${figures}\n\n<!-- end training -->\n\nrest\n`;
    expect(pageWithSection(page, section)).toBe(whole);
    expect(pageWithSection(whole, section)).toBe(whole);
  });

  it('rejects a page without the section', () => {
    expect(() => pageWithSection('# Page\n', section)).toThrow(
      new DataError(
        'performance page: expected the lines "<!-- bench training -->" and "<!-- end training -->" in this order, found none; add them where the figures belong',
      ),
    );
  });
});

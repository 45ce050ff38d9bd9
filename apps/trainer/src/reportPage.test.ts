import { describe, expect, it } from 'vitest';
import { reportPage } from './reportPage.ts';

describe(reportPage, () => {
  const page = reportPage({
    title: 'a <b> & c',
    subtitle: 's',
    figures: [{ label: 'loss', value: '1e-3', note: 'mse' }],
    sections: [
      {
        title: 'P',
        pictures: [
          { caption: 'the wave', svg: '<svg width="1"></svg>', legend: [{ name: 'x', colour: 'red' }] },
        ],
      },
      { title: 'T', table: { head: ['h'], rows: [['<cell>']] } },
    ],
    footer: 'f',
  });

  it('writes texts as text, never as markup', () => {
    expect(page).toContain('<h1>a &lt;b&gt; &amp; c</h1>');
    expect(page).toContain('<td>&lt;cell&gt;</td>');
  });

  it('labels each picture for those who cannot see it', () => {
    expect(page).toContain('<svg role="img" aria-label="the wave"');
  });

  it('needs no other file', () => {
    expect(page).not.toMatch(/<(link|script|img)\b/);
  });
});

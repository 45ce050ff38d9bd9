/** The content of a report: title, key figures, sections of pictures and tables. */
export interface Report {
  title: string;
  subtitle: string;
  figures: readonly { label: string; value: string; note?: string }[];
  sections: readonly ReportSection[];
  footer: string;
}

export interface ReportSection {
  title: string;
  text?: string;
  pictures?: readonly {
    caption: string;
    svg: string;
    /** Spans the full width of the page instead of one column. */
    wide?: boolean;
    legend?: readonly { name: string; colour: string }[];
  }[];
  table?: { head: readonly string[]; rows: readonly (readonly string[])[] };
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const style = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6575; --paper: #f6f7f9; --card: #fff; --line: #e2e6ec; --accent: #2b6cb0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b4; --paper: #10141b; --card: #171d27; --line: #283142; --accent: #7db2ea; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 48px 24px 64px; }
h1 { font-size: 2.2rem; line-height: 1.15; margin: 0 0 8px; letter-spacing: -0.02em; }
h2 { font-size: 1.15rem; margin: 44px 0 12px; }
p { margin: 0 0 12px; color: var(--soft); max-width: 72ch; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin-top: 28px; }
.figures div, figure, .table { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; }
.figures dt { color: var(--soft); font-size: 0.82rem; }
.figures dd { margin: 2px 0 0; font-size: 1.45rem; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
.figures small { display: block; color: var(--soft); font-size: 0.78rem; letter-spacing: 0; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 12px; }
figure { margin: 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; display: block; --plot-background: transparent; }
figure.wide { grid-column: 1 / -1; }
figcaption { color: var(--soft); font-size: 0.88rem; margin-bottom: 10px; display: flex; gap: 6px 16px; flex-wrap: wrap; }
figcaption b { color: var(--ink); font-weight: 600; }
figcaption span::before { content: ''; display: inline-block; width: 14px; height: 3px; border-radius: 2px; background: var(--c); margin-right: 6px; vertical-align: middle; }
.table { overflow-x: auto; padding: 6px 18px; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 8px 14px 8px 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
tr:last-child td { border-bottom: 0; }
footer { margin-top: 48px; color: var(--soft); font-size: 0.85rem; }
`;

function pictureHtml(picture: NonNullable<ReportSection['pictures']>[number]): string {
  const legend = (picture.legend ?? [])
    .map(({ name, colour }) => `<span style="--c: ${colour}">${escapeHtml(name)}</span>`)
    .join('');
  const label = escapeHtml(picture.caption);
  const svg = picture.svg.replace('<svg', `<svg role="img" aria-label="${label}"`);
  return `<figure${picture.wide ? ' class="wide"' : ''}><figcaption><b>${label}</b>${legend}</figcaption>${svg}</figure>`;
}

function tableHtml({ head, rows }: NonNullable<ReportSection['table']>): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="table"><table><thead>${cells('th', head)}</thead><tbody>${rows.map((row) => cells('td', row)).join('')}</tbody></table></div>`;
}

/** Renders a report as one self-contained HTML file. */
export function reportPage(report: Report): string {
  const figures = report.figures
    .map(
      ({ label, value, note }) =>
        `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}${note ? `<small>${escapeHtml(note)}</small>` : ''}</dd></div>`,
    )
    .join('');
  const sections = report.sections
    .map(({ title, text, pictures, table }) =>
      [
        `<section><h2>${escapeHtml(title)}</h2>`,
        text ? `<p>${escapeHtml(text)}</p>` : '',
        pictures ? `<div class="pictures">${pictures.map(pictureHtml).join('')}</div>` : '',
        table ? tableHtml(table) : '',
        '</section>',
      ].join(''),
    )
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(report.title)}</h1>
<p>${escapeHtml(report.subtitle)}</p>
<dl class="figures">${figures}</dl>
${sections}
<footer>${escapeHtml(report.footer)}</footer>
</main>
</body>
</html>
`;
}

/** Figures for people; cells are text already. */
export interface Table {
  title: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A table for a terminal: columns lined up, two spaces apart, numbers to the right. */
export function textTable({ title, head, rows }: Table): string {
  const widths = columnWidths(head, rows);
  const right = numericColumns(head, rows);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd();
  return [title, '', line(head), ...rows.map(line)].join('\n');
}

/** The same as Markdown, under a bold title. */
export function markdownTable({ title, head, rows }: Table): string {
  const right = numericColumns(head, rows);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `**${title}**`,
    '',
    line(head),
    line(right.map((numeric) => (numeric ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}

function columnWidths(head: readonly string[], rows: Table['rows']): number[] {
  return head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)));
}

/** A column is numeric when each of its cells is a number, a range of them, or empty. */
function numericColumns(head: readonly string[], rows: Table['rows']): boolean[] {
  return head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^(-|[\d.,%e+\-– ]*)$/i.test(row[column])),
  );
}

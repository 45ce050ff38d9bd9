// @ts-check

/** @typedef {import('./place.mjs').Row} Row */

/**
 * The rows as a table for a person, and under it what is missing, what that costs and how to get it.
 * @param {readonly Row[]} rows
 * @returns {string} several lines, without a last line break
 */
export function setupTable(rows) {
  const head = ['part', 'state', 'MB got', 'MB on disk', 'seconds', 'what'];
  const cells = rows.map((row) => [
    row.part,
    row.state,
    row.downloadedMegabytes?.toString() ?? '',
    row.megabytes?.toString() ?? '',
    row.seconds.toFixed(1),
    row.detail,
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (/** @type {string[]} */ texts) =>
    texts
      .map((text, column) =>
        column >= 2 && column <= 4 ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const missing = rows.filter((row) => row.state === 'missing');
  return [
    line(head),
    ...cells.map(line),
    ...missing.map(
      (row) =>
        `\n${row.part}: ${row.detail}.\n  ${row.cost ?? ''}\n  Remedy: ${row.remedy ?? 'none'}; then: npm run setup${row.part.startsWith('CUDA') ? ' -- --cuda' : ''}`,
    ),
  ].join('\n');
}

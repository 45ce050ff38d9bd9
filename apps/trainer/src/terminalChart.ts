/** Dots of a braille cell: two columns of four, from the top. */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/**
 * A line chart of braille cells for a terminal.
 *
 * @param values one value a sample; finite
 * @param width  columns of text, without the scale on the left
 * @param height rows of text
 * @returns `height` lines, the largest and smallest value on the left of the first and last
 */
export function terminalChart(values: ArrayLike<number>, width = 64, height = 8): string {
  const list = Array.from(values);
  const low = Math.min(...list);
  const high = Math.max(...list);
  const span = high - low || 1;
  const columns = width * 2;
  const rows = height * 4;
  const cells = Array.from({ length: height }, () => new Uint8Array(width));
  const rowAt = (column: number): number => {
    const position = (column * (list.length - 1)) / (columns - 1);
    const left = Math.floor(position);
    const right = Math.min(left + 1, list.length - 1);
    const value = list[left] + (list[right] - list[left]) * (position - left);
    return Math.round(((high - value) / span) * (rows - 1));
  };
  let previous = rowAt(0);
  for (let column = 0; column < columns; column++) {
    const row = rowAt(column);
    // Steep parts would fall apart into single dots: fill the column from the last row to this one.
    const step = row < previous ? -1 : 1;
    for (let at = column === 0 ? row : previous; ; at += step) {
      cells[at >> 2][column >> 1] |= dots[column & 1][at & 3];
      if (at === row) break;
    }
    previous = row;
  }
  const label = (row: number): string => (row === 0 ? high : row === height - 1 ? low : NaN).toPrecision(3);
  return cells
    .map((line, row) => {
      const scale = row === 0 || row === height - 1 ? label(row) : '';
      return `${scale.padStart(9)} ${Array.from(line, (bits) => String.fromCodePoint(0x2800 + bits)).join('')}`;
    })
    .join('\n');
}

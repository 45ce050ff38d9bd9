/** Rows of small grey frames side by side, as an SVG element's text. */
export interface FrameRow {
  name: string;
  /** Values of all frames, row-major, shape [frames, height * width]; 0 is dark, 1 is bright. */
  frames: ArrayLike<number>;
}

const cellSize = 14;
const gap = 6;
const labelWidth = 96;

const grey = (value: number): string => {
  const level = Math.round(255 * Math.min(1, Math.max(0, value)));
  return `rgb(${level} ${level} ${level})`;
};

const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Draws every `every`-th frame of each row; rows stand under one another, so that the same moment is one column. */
export function frameStrip(rows: readonly FrameRow[], height: number, width: number, every = 1): string {
  const size = height * width;
  const count = Math.floor((rows[0].frames.length / size - 1) / every) + 1;
  const frameWidth = width * cellSize;
  const frameHeight = height * cellSize;
  const parts: string[] = [];
  rows.forEach((row, index) => {
    const top = index * (frameHeight + gap);
    parts.push(
      `<text x="0" y="${top + frameHeight / 2}" dominant-baseline="middle" fill="currentColor">${escapeText(row.name)}</text>`,
    );
    for (let frame = 0; frame < count; frame++) {
      const left = labelWidth + frame * (frameWidth + gap);
      for (let cell = 0; cell < size; cell++) {
        const x = left + (cell % width) * cellSize;
        const y = top + Math.floor(cell / width) * cellSize;
        const value = row.frames[frame * every * size + cell];
        parts.push(
          `<rect x="${x}" y="${y}" width="${cellSize}" height="${cellSize}" fill="${grey(value)}"/>`,
        );
      }
    }
  });
  const totalWidth = labelWidth + count * (frameWidth + gap);
  const totalHeight = rows.length * (frameHeight + gap);
  return `<svg viewBox="0 0 ${totalWidth} ${totalHeight}" width="${totalWidth}" height="${totalHeight}" font-size="12" font-family="system-ui, sans-serif">${parts.join('')}</svg>`;
}

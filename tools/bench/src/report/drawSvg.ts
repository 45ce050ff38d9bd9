import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

const look = { background: 'white', color: '#1f2933', fontFamily: 'system-ui, sans-serif', fontSize: '12px' };

/** A drawing as the text of an SVG file. */
export function drawSvg(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const figureElement = Plot.plot({ ...options, document, style: look });
  // As a file of its own it must name its language; inside a page it need not.
  figureElement.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${figureElement.outerHTML}\n`;
}

/**
 * Drawings under one another in one file.
 *
 * @param drawings of `drawSvg`
 * @param size     of each, pixels
 */
export function stackSvg(
  drawings: readonly string[],
  { width, height }: { width: number; height: number },
): string {
  const parts = drawings.map((svg, index) => svg.replace('<svg ', `<svg y="${index * height}" `).trimEnd());
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height * drawings.length}" viewBox="0 0 ${width} ${height * drawings.length}">\n${parts.join('\n')}\n</svg>\n`;
}

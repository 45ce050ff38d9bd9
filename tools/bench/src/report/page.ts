import { DataError } from '@onda/contract';
import type { BenchResult } from '../bench.ts';
import type { Machine } from '../machine.ts';
import { machineText } from '../machine.ts';
import { markdownTable } from './table.ts';

/**
 * Puts a bench's figures into a Markdown page: between the lines `<!-- bench SECTION -->` and `<!-- end SECTION -->`, whatever stood
 * there before.
 *
 * @param picture path of the drawing, relative to the page; null: none
 * @throws DataError when the page has no such place
 */
export function pageWithFigures(
  page: string,
  result: Pick<BenchResult, 'section' | 'tables' | 'notes' | 'picture'>,
  machine: Machine,
  picture: string | null,
): string {
  const start = `<!-- bench ${result.section} -->`;
  const end = `<!-- end ${result.section} -->`;
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from)
    throw new DataError(
      `performance page: expected the lines "${start}" and "${end}" in this order, found no such place; put them where the figures go`,
    );
  const parts = [
    `Measured ${machineText(machine)}.`,
    ...(picture !== null && result.picture ? [`![${result.picture.alt}](${picture})`] : []),
    ...result.tables.map(markdownTable),
    ...(result.notes.length > 0 ? [result.notes.map((note) => `- ${note}`).join('\n')] : []),
  ];
  return `${page.slice(0, from)}${start}\n\n${parts.join('\n\n')}\n\n${page.slice(to)}`;
}

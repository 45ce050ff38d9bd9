import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '@onda/contract';
import type { Table } from './table.ts';
import { markdownTable } from './table.ts';

/** The generated part of a page. */
export interface PageSection {
  /** In the page's marks and the name of the chart's file. */
  section: string;
  /** When and where it was measured. */
  measured: string;
  chart: { alt: string; file: string } | null;
  tables: readonly Table[];
  notes: readonly string[];
}

/**
 * Replaces what is between the lines `<!-- bench SECTION -->` and `<!-- end SECTION -->` of a Markdown page.
 *
 * @throws DataError when the page has no such lines
 */
export function pageWithSection(
  page: string,
  { section, measured, chart, tables, notes }: PageSection,
): string {
  const start = `<!-- bench ${section} -->`;
  const end = `<!-- end ${section} -->`;
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from)
    throw new DataError(
      `performance page: expected the lines "${start}" and "${end}" in this order, found none; add them where the figures belong`,
    );
  const parts = [
    `Measured ${measured}.`,
    ...(chart === null ? [] : [`![${chart.alt}](${chart.file})`]),
    ...tables.map(markdownTable),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
  ];
  return `${page.slice(0, from)}${start}\n\n${parts.join('\n\n')}\n\n${page.slice(to)}`;
}

/**
 * Writes a temporary file and renames it, so that the file is never half written.
 *
 * @throws DataError when it cannot be written
 */
export function writeFileAtomic(file: string, text: string): void {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.part`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`${file}: cannot be written: ${reason}; choose another path`, { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

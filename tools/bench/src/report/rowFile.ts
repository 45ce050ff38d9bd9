import { z } from 'zod';
import { DataError } from '@onda/contract';

const nonNegative = z.number().nonnegative();

/** One work done by one system. */
const rowSchema = z
  .strictObject({
    work: z.string().min(1),
    system: z.string().min(1),
    unit: z.string().min(1),
    median: nonNegative,
    min: nonNegative,
    max: nonNegative,
    /** How many measurements the three are of. */
    runs: z.int().positive(),
  })
  .refine(({ min, median, max }) => min <= median && median <= max, {
    message: 'expected min <= median <= max',
  });

/** What `--json` writes. */
const rowFileSchema = z.strictObject({
  bench: z.string().min(1),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int().positive(),
    memoryGiB: nonNegative,
    os: z.string(),
    node: z.string(),
    date: z.iso.date(),
  }),
  rows: z.array(rowSchema),
});

export type Row = z.infer<typeof rowSchema>;
export type RowFile = z.infer<typeof rowFileSchema>;

/** The file's text; figures keep six digits, more than any clock here can tell. */
export function rowFileText(file: RowFile): string {
  const short = (value: number): number => Number(value.toPrecision(6));
  const rows = file.rows.map((row) => ({
    ...row,
    median: short(row.median),
    min: short(row.min),
    max: short(row.max),
  }));
  return `${JSON.stringify(parseRowFile({ ...file, rows }, 'rows to write'), null, 2)}\n`;
}

/**
 * @param source what it is, for the error
 * @throws DataError for anything but a row file, or a work and system that come twice
 */
export function parseRowFile(value: unknown, source: string): RowFile {
  const { data, error } = rowFileSchema.safeParse(value);
  if (data === undefined) {
    const [issue] = error.issues;
    throw new DataError(
      `${source}: ${[issue.path.join('.'), issue.message].filter(Boolean).join(': ')}; expected a file that npm run bench -- NAME --json FILE wrote`,
    );
  }
  const seen = new Set<string>();
  for (const { work, system } of data.rows) {
    const key = JSON.stringify([work, system]);
    if (seen.has(key))
      throw new DataError(
        `${source}: expected one row for work ${work} and system ${system}, got two; measure again`,
      );
    seen.add(key);
  }
  return data;
}

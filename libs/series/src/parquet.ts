import { DataError } from '@onda/contract';
import { parquetMetadataAsync, parquetRead } from 'hyparquet';
import type { Cell, ParsedColumns } from './parsedColumns.ts';

/** Reads the columns of a Parquet file. Times become ISO text. */
export async function parseParquet(bytes: Uint8Array, source: string): Promise<ParsedColumns> {
  // A copy: a Buffer of Node may be a part of a larger ArrayBuffer, also after `slice`.
  const file = Uint8Array.from(bytes).buffer;
  try {
    const metadata = await parquetMetadataAsync(file);
    const rows = Number(metadata.num_rows);
    const columns = metadata.schema.filter(({ type }) => type !== undefined).map(({ name }) => name);
    const places = new Map(columns.map((name, place) => [name, place]));
    const values = columns.map(() => new Array<Cell>(rows).fill(null));
    await parquetRead({
      file,
      metadata,
      onChunk: ({ columnName, columnData, rowStart }) => {
        const column = values[places.get(columnName) ?? 0];
        for (let index = 0; index < columnData.length; index++) {
          column[rowStart + index] = toCell(columnData[index]);
        }
      },
    });
    return { columns, values, decimal: '.', notes: ['format Parquet'], lineOf: (row) => row + 1 };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      `${source}: cannot be read as Parquet: ${reason}; write the file with plain columns and snappy or no compression`,
      { cause },
    );
  }
}

function toCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return Number(value);
  return JSON.stringify(value);
}

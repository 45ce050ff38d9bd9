/** A value of a table: text as in the file, a number, or null for no value. */
export type Cell = string | number | null;

export interface TableOptions {
  /** Name of the file in errors, usually its path. */
  source: string;
  /** Default: detected from the content. */
  format?: 'csv' | 'json-lines' | 'parquet';
  /** Separator of the columns of a CSV file. Default: detected among `,`, `;`, tab and `|`. */
  delimiter?: string;
  /** Decimal separator of a CSV file. Default: detected. */
  decimal?: '.' | ',';
  /** Whether the first line of a CSV file has the column names. Default: detected. */
  header?: boolean;
}

/** Columns as a parser returns them. */
export interface ParsedColumns {
  columns: readonly string[];
  values: readonly (readonly Cell[])[];
  decimal: '.' | ',';
  notes: string[];
  /** Whether the file has no column names. */
  unnamed?: boolean;
  lineOf: (row: number) => number;
}

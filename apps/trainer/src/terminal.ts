/** Writes a line to stderr: messages, warnings, progress. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Formats a table in columns, two spaces apart; numbers are right-aligned. */
export function textTable({
  head,
  rows,
}: {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const numeric = head.map((_, column) => rows.every((row) => /^[-+\d.e]*$/i.test(row[column])));
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Milliseconds between two updates of a line in a terminal, and between two lines elsewhere. */
const redrawMs = 80;
const relineMs = 2000;

/** Formats a duration: `0.4 s`, `12 s`, `3 min 20 s`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A stream that may be a terminal. */
interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A progress line: redrawn in a terminal, repeated every two seconds elsewhere. */
interface ProgressLine {
  /** Whether an update is due; check it before computing expensive notes. */
  due(): boolean;
  update(done: number, total: number, note: string): void;
  /** Writes the final state and ends the line. */
  end(done: number, total: number, note: string): void;
}

interface ProgressOptions {
  /** What was done before, which does not count in the rate; default 0. */
  from?: number;
  stream?: ProgressStream;
  now?: () => number;
}

export function createProgressLine(
  label: string,
  { from = 0, stream = process.stderr, now = () => performance.now() }: ProgressOptions = {},
): ProgressLine {
  const started = now();
  const interval = stream.isTTY ? redrawMs : relineMs;
  let shown = started;

  const text = (done: number, total: number, note: string): string => {
    const seconds = Math.max((now() - started) / 1000, 1e-6);
    const rate = (done - from) / seconds;
    const left = done > from && done < total ? `, ${durationText((total - done) / rate)} left` : '';
    return `${label} ${done}/${total}  ${note}  ${rate.toFixed(rate < 10 ? 1 : 0)}/s${left}`;
  };
  const draw = (line: string): void => {
    stream.write(stream.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
  };
  return {
    due: () => now() - shown >= interval,
    update(done, total, note) {
      shown = now();
      draw(text(done, total, note));
    },
    end(done, total, note) {
      draw(`${text(done, total, note)}, ${durationText((now() - started) / 1000)}`);
      if (stream.isTTY) stream.write('\n');
    },
  };
}

/** Bits of a braille character: two columns of four dots, from the top. */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/**
 * A line chart of braille characters for a terminal.
 *
 * @param values one finite value per sample
 * @param width  columns of text, without the scale on the left
 * @param height rows of text
 * @returns `height` lines; the first and last start with the largest and smallest value
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
    // Fill the column from the previous row to this one, to connect steep parts.
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

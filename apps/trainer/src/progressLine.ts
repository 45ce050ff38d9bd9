/** Milliseconds between two updates of a line that is drawn over itself, and between two lines where it cannot be. */
const redrawMs = 80;
const relineMs = 2000;

/** Seconds as people read them: `0.4 s`, `12 s`, `3 min 20 s`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Where a progress line goes: a stream that may be a terminal. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** One line of progress: redrawn in a terminal, repeated every two seconds elsewhere. */
export interface ProgressLine {
  /** Whether an update would be shown now; ask before computing what it shows. */
  due(): boolean;
  update(done: number, total: number, note: string): void;
  /** Ends the line with its last state. */
  end(done: number, total: number, note: string): void;
}

export function createProgressLine(
  label: string,
  stream: ProgressStream = process.stderr,
  now: () => number = () => performance.now(),
): ProgressLine {
  const started = now();
  const interval = stream.isTTY ? redrawMs : relineMs;
  let shown = started;

  const text = (done: number, total: number, note: string): string => {
    const seconds = Math.max((now() - started) / 1000, 1e-6);
    const rate = done / seconds;
    const left = done > 0 && done < total ? `, ${durationText((total - done) / rate)} left` : '';
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

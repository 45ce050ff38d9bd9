import type { SeasonSpec } from './seasonSpec.ts';
import type { DrawOptions } from './seasonWindows.ts';

/** Settings of a fit that the validation chooses between. */
export interface Candidate
  extends
    Pick<SeasonSpec, 'seasons' | 'units' | 'decoderUnits' | 'normalize' | 'transform'>,
    Pick<DrawOptions, 'draw' | 'mix' | 'batch'> {
  steps: number;
}

/** A candidate in words. */
export function candidateText({ seasons, transform, normalize, draw, mix, steps }: Candidate): string {
  const parts = [
    `${seasons} seasons of context`,
    transform === 'log' ? 'logarithms' : 'standardized values',
    ...(normalize ? ['scaled by the seasonal differences'] : []),
    `drawn by ${draw}`,
    ...(mix ? ['mixed'] : []),
    `${steps} steps`,
  ];
  return parts.join(', ');
}

/** Windows from which many steps pay. */
const manyWindows = 2000;

/** Share of zeros up to which logarithms are tried. */
const mostZeros = 0.02;

/**
 * The settings to try, the most promising first.
 *
 * @param columns in the units of the data
 */
export function seasonCandidates(
  columns: readonly Float64Array[],
  { period, horizon, steps: given }: { period: number; horizon: number; steps?: number | undefined },
): Candidate[] {
  const windows = columns.reduce((sum, { length }) => sum + Math.max(0, length - horizon - 2 * period), 0);
  const many = windows >= manyWindows && columns.length > 1;
  const logs = isPositive(columns);
  const sizes = { units: period === 1 ? 32 : many ? 96 : 48, decoderUnits: 32, batch: many ? 64 : 32 };
  const longest = Math.max(...columns.map(({ length }) => length));
  const contexts = seasonCounts(period, horizon, longest, many);
  const transforms = many
    ? [logs ? ('log' as const) : ('standard' as const)]
    : logs
      ? (['log', 'standard'] as const)
      : (['standard'] as const);
  const mixed = { draw: 'series' as const, mix: true, normalize: false as boolean };
  const plain = { draw: 'windows' as const, mix: false, normalize: true as boolean };
  const all = (steps: number, styles: readonly (typeof mixed | typeof plain)[]): Candidate[] =>
    styles.flatMap((style) =>
      transforms.flatMap((transform) =>
        contexts.map((seasons) => ({ ...sizes, ...style, seasons, transform, steps })),
      ),
    );
  const styles = many ? [mixed, plain, { ...mixed, normalize: true }] : [mixed, plain];
  if (given !== undefined) return all(given, styles);
  return many
    ? [...all(1000, styles), ...all(2000, styles)]
    : [...all(600, [mixed]), ...all(200, [mixed]), ...all(600, [plain])];
}

/** Seasons of context: about 48 samples of months, 96 of hours; without a season up to 24 samples. */
function seasonCounts(period: number, horizon: number, longest: number, many: boolean): number[] {
  if (period === 1) {
    const short = Math.max(6, Math.min(8, horizon));
    return many ? [short] : longest >= 80 ? [short, 24] : [short];
  }
  if (period > 48) return [2];
  return [Math.max(2, Math.min(4, Math.floor(144 / period), Math.floor(longest / period) - 1))];
}

/** No negative values, and few zeros. */
function isPositive(columns: readonly Float64Array[]): boolean {
  let zeros = 0;
  let count = 0;
  for (const column of columns) {
    for (const value of column) {
      if (value < 0) return false;
      if (value === 0) zeros++;
    }
    count += column.length;
  }
  return zeros <= mostZeros * count;
}

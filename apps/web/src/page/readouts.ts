import type { Series } from '../data/series.ts';
import { countText, smallText } from '../draw/text.ts';
import type { LiveRun } from '../generate/liveRun.ts';
import { find } from './find.ts';

/** The largest difference from the truth among the drawn samples; NaN and -1 without a truth. */
export function worstDrawn({ errors, drawn }: { errors: readonly number[]; drawn: number }): {
  error: number;
  at: number;
} {
  let error = NaN;
  let at = -1;
  for (let sample = 0; sample < drawn; sample++) {
    if (errors[sample] > error || (Number.isNaN(error) && !Number.isNaN(errors[sample]))) {
      error = errors[sample];
      at = sample;
    }
  }
  return { error, at };
}

/** The live picture in words. */
export function summaryText(run: LiveRun): string {
  const { drawn, place } = run;
  const { error, at } = worstDrawn(run);
  const text = `${drawn} values after a prompt of ${place.time} samples of ${place.series.title}`;
  if (at < 0) return `${text}.`;
  return `${text}; the largest difference from the truth is ${smallText(error)}, at sample ${at + 1}.`;
}

/** Where a prompt starts: the phase of a formula, the row of a table. */
export function placeText(series: Series, start: number): string {
  if (series.length !== Infinity) return `row ${start + 1}`;
  return `${(start / series.chunk).toFixed(2)} π`;
}

/** Writes the figures under the live picture. */
export function showReadouts(run: LiveRun, samples: number): void {
  const { drawn, errors, place } = run;
  const { error, at } = worstDrawn(run);
  write('drawn', countText(drawn), `of ${countText(samples)}`);
  write('worst', smallText(error), at < 0 ? '' : `at ${countText(at + 1)}`);
  write('current', smallText(drawn > 0 ? errors[drawn - 1] : NaN), '');
  write('starts', placeText(place.series, place.start), '');
}

/** A figure and, smaller, what belongs to it. */
export function write(id: string, value: string, rest: string): void {
  const target = find(id, HTMLElement);
  if (target.dataset['text'] === value + rest) return;
  target.dataset['text'] = value + rest;
  const small = document.createElement('small');
  small.textContent = rest;
  target.replaceChildren(rest === '' ? value : `${value} `, small);
}

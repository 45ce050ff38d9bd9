import type { Series } from '../data/series.ts';
import { find } from './find.ts';

/** Names the ground truth in the page's texts, and hides the texts that need one. */
export function nameTruth(series: Series): void {
  const sine = series.title === 'sin(t)';
  find('truth-name', HTMLElement).textContent = sine ? 'The true sine' : series.title;
  find('truth-legend', HTMLElement).hidden = !series.truth;
  for (const word of document.querySelectorAll('.truth-word')) {
    word.textContent = sine ? 'the sine' : 'the data';
  }
  for (const part of document.querySelectorAll('.needs-truth')) {
    part.toggleAttribute('hidden', !series.truth);
  }
}

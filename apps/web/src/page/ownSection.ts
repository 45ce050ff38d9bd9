import { OndaError } from '@onda/contract';
import { parseValues } from '../data/parseValues.ts';
import { rowSeries } from '../data/series.ts';
import type { Series } from '../data/series.ts';
import { find } from './find.ts';

/** Requirements on pasted values as a prompt of the loaded model. */
export interface Wanted {
  features: number;
  columns: readonly string[];
  lag: number;
  chunk: number;
}

/** The card for the user's own values. */
export interface OwnSection {
  open(wanted: Wanted): void;
}

/**
 * @param use  receives the series of the pasted values
 * @param back returns to the model's own data
 */
export function createOwnSection(use: (series: Series) => void, back: () => void): OwnSection {
  const text = find('own-values', HTMLTextAreaElement);
  const problem = find('own-problem', HTMLElement);
  const file = find('own-file', HTMLInputElement);
  let wanted: Wanted | null = null;

  function take(): void {
    if (!wanted) return;
    try {
      use(ownSeries(text.value, wanted));
      problem.textContent = '';
    } catch (error) {
      if (!(error instanceof OndaError)) throw error;
      problem.textContent = error.message;
    }
  }

  find('own-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    take();
  });
  find('own-back', HTMLButtonElement).addEventListener('click', () => {
    problem.textContent = '';
    back();
  });
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    void chosen.text().then((content) => {
      text.value = content;
      file.value = '';
      take();
    });
  });

  return {
    open(next) {
      wanted = next;
      problem.textContent = '';
      const each = next.features === 1 ? 'one value' : `${next.features} values`;
      find('own-line', HTMLElement).textContent =
        `One row per sample, ${each} each. Values after the prompt are the ground truth.`;
    },
  };
}

/**
 * A series of pasted values: the first prompt takes the first half of them.
 *
 * @throws DataError for values that are not numbers, or fewer than the lag
 */
export function ownSeries(text: string, { features, columns, lag, chunk }: Wanted): Series {
  const { names, values } = parseValues(text, features, columns, lag);
  const rows = values.length / features;
  return rowSeries('your values', names, values, {
    chunk: Math.min(chunk, Math.max(1, rows - lag)),
    holdout: rows > 2 * lag ? Math.floor(rows / 2) : 0,
  });
}

import { OndaError } from '@onda/contract';
import { find } from './find.ts';

/** The text in place of the live picture while there is no picture; styles/hero.css shows and hides it by the state of the body. */
export interface Notice {
  wait(): void;
  clear(): void;
  fail(error: unknown): void;
}

/** @param retry called by the button next to a failure */
export function createNotice(retry: () => void): Notice {
  const text = find('notice-text', HTMLElement);
  find('retry', HTMLButtonElement).addEventListener('click', retry);

  const show = (state: 'ready' | 'loading' | 'failed'): void => {
    document.body.dataset['state'] = state;
  };
  return {
    wait: () => {
      show('loading');
    },
    clear: () => {
      show('ready');
    },
    fail: (error) => {
      text.textContent = sentence(error);
      show('failed');
    },
  };
}

/** An OndaError is a whole sentence. Any other error is a defect: the text says where to report it. */
function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof OndaError) return `${text}.`;
  return `The page failed unexpectedly: ${text}.`;
}

import { OndaError } from '@onda/contract';
import { find } from './find.ts';

/** What stands in the place of the live picture while there is none; styles/hero.css shows and hides by the state of the body. */
export interface Notice {
  wait(): void;
  clear(): void;
  fail(error: unknown): void;
}

/** @param retry called by the button beside a failure */
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

/** An error of ours is a whole sentence; any other is a defect and says where to tell of it. */
function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof OndaError) return `${text}.`;
  return `The page failed in a way it does not know: ${text}.`;
}

import { find } from './find.ts';

const key = 'onda-theme';

/** Lets a button switch between light and dark; the choice is kept, and until there is one the system's holds. */
export function followTheme(): void {
  const root = document.documentElement;
  const chosen = localStorage.getItem(key);
  if (chosen === 'light' || chosen === 'dark') root.dataset['theme'] = chosen;
  find('theme', HTMLButtonElement).addEventListener('click', () => {
    const dark =
      root.dataset['theme'] === undefined
        ? matchMedia('(prefers-color-scheme: dark)').matches
        : root.dataset['theme'] === 'dark';
    root.dataset['theme'] = dark ? 'light' : 'dark';
    localStorage.setItem(key, root.dataset['theme']);
  });
}

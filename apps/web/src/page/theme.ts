import { find } from './find.ts';

const key = 'onda-theme';

/** A button switches between light and dark. The choice is stored; the default is the system's. */
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

/** How many names, dims or numbers of a list are shown. */
const most = 100;

/** A list as text, cut when it is long. */
export function listed<T>(items: readonly T[], textOf: (item: T) => string = String): string {
  const shown = items.slice(0, most).map(textOf).join(', ');
  return items.length > most ? `${shown}, ... ${items.length - most} more` : shown;
}

/** Characters of a name or text from a file that are shown. */
const MAX_QUOTED = 200;

/**
 * A text from a file as it can stand in a line for people: in quotes, cut when it is long, without control characters, which a file from
 * anywhere must not write to a terminal.
 */
export function quoted(value: string): string {
  const shown = JSON.stringify(value.slice(0, MAX_QUOTED)).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return value.length > MAX_QUOTED ? `${shown}...` : shown;
}

/** A name as it is when it is plain and not long, else quoted. */
export function plain(name: string): string {
  return name.length <= MAX_QUOTED && /^[A-Za-z0-9_./:+-]+$/.test(name) ? name : quoted(name);
}

/** How many names, dims or numbers of a list are shown. */
const MAX_LISTED = 100;

/** A list as text, cut when it is long. */
export function listed<T>(items: readonly T[], textOf: (item: T) => string = String): string {
  const shown = items.slice(0, MAX_LISTED).map(textOf).join(', ');
  return items.length > MAX_LISTED ? `${shown}, ... ${items.length - MAX_LISTED} more` : shown;
}

/** Printed characters of a name or text from a file. */
const MAX_QUOTED = 200;

/**
 * A text from a file for output: quoted, truncated, and without control characters, which an untrusted file
 * must not write to a terminal.
 */
export function quoted(value: string): string {
  const shown = JSON.stringify(value.slice(0, MAX_QUOTED)).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return value.length > MAX_QUOTED ? `${shown}...` : shown;
}

/** The name itself if short and plain, else quoted. */
export function plain(name: string): string {
  return name.length <= MAX_QUOTED && /^[A-Za-z0-9_./:+-]+$/.test(name) ? name : quoted(name);
}

/** Printed items of a list. */
const MAX_LISTED = 100;

/** A list as text, truncated. */
export function listed<T>(items: readonly T[], textOf: (item: T) => string = String): string {
  const shown = items.slice(0, MAX_LISTED).map(textOf).join(', ');
  return items.length > MAX_LISTED ? `${shown}, ... ${items.length - MAX_LISTED} more` : shown;
}

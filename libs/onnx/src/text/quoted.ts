/** Characters of a name or text from a file that are shown. */
const longest = 200;

/**
 * A text from a file as it can stand in a line for people: in quotes, cut when it is long, without control characters, which a file from
 * anywhere must not write to a terminal.
 */
export function quoted(value: string): string {
  const shown = JSON.stringify(value.slice(0, longest)).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return value.length > longest ? `${shown}...` : shown;
}

/** A name as it is when it is plain and not long, else quoted. */
export function plain(name: string): string {
  return name.length <= longest && /^[A-Za-z0-9_./:+-]+$/.test(name) ? name : quoted(name);
}

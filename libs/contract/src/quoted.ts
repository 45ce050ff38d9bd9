/** Characters of a text from outside that an error shows. */
const MAX_QUOTED = 128;

/** Characters of an error message. */
const MAX_MESSAGE = 2000;

/** Characters of its end that stay when it is cut: what to do. */
const KEPT_END = 500;

/** A text from outside for an error message: in quotes, cut to `most` characters, without control characters. */
export function quoted(text: string, most = MAX_QUOTED): string {
  return JSON.stringify(clipped(text, most));
}

/** Like `quoted`, without the quotes: for paths and keys. */
export function clipped(text: string, most = MAX_QUOTED): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

/** Any value from outside as JSON, cut to `most` characters. */
export function jsonText(value: unknown, most = MAX_QUOTED): string {
  return value === undefined ? 'nothing' : clipped(JSON.stringify(value), most);
}

/** A message of at most 2,000 characters: its middle is cut. Messages that quote many texts, or a runtime's own, may be longer. */
export function cutMessage(message: string): string {
  if (message.length <= MAX_MESSAGE) return message;
  return `${message.slice(0, MAX_MESSAGE - KEPT_END - ' ... '.length)} ... ${message.slice(-KEPT_END)}`;
}

import { ConfigError } from '@onda/contract';

/**
 * Parses a whole number of a command-line option.
 *
 * @throws ConfigError for another text, or a number that is not from 1 to `most`
 */
export function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new ConfigError(
    `${option}: expected a whole number from 1 to ${most}, got ${JSON.stringify(text)}; correct the option`,
  );
}

import { ConfigError } from '@onda/contract';
import type { BenchName } from './benches.ts';
import { benches, benchNames } from './benches.ts';

/** @throws ConfigError for an unknown bench */
export function parseBenchName(name: string): BenchName {
  if (Object.hasOwn(benches, name)) return name as BenchName;
  throw new ConfigError(
    `expected the name of a bench (${benchNames.join(', ')}), got ${JSON.stringify(name)}; correct the name`,
  );
}

/**
 * Names separated by commas.
 *
 * @throws ConfigError for an empty one
 */
export function parseList(option: string, text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new ConfigError(
    `${option}: expected names separated by commas, got ${JSON.stringify(text)}; leave none empty`,
  );
}

/** @throws ConfigError for anything but a whole number from 1 to `most` */
export function parseCount(option: string, text: string, most: number): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new ConfigError(
    `${option}: expected a whole number from 1 to ${most}, got ${JSON.stringify(text)}; correct it`,
  );
}

import type { z } from 'zod';
import { configMistake } from './configErrors.ts';
import { ConfigError } from './errors.ts';
import { checkModelName } from './modelFiles.ts';

/**
 * Validates a configuration with a name and sets its defaults.
 *
 * @param source    name of the document in errors, usually its file name
 * @param mistakeOf the first setting of a valid document that does not apply to the others
 * @throws ConfigError naming the key, the allowed value, the given one and the nearest known name
 */
export function parseConfig<Config extends { name: string }>(
  schema: z.ZodType<Config>,
  value: unknown,
  source: string,
  mistakeOf: (config: Config) => string | undefined,
): Config {
  const result = schema.safeParse(value, { reportInput: true });
  if (!result.success) {
    throw new ConfigError(`${source}: ${configMistake(result.error, schema, value)}`, {
      cause: result.error,
    });
  }
  checkModelName(result.data.name, `${source}: name`);
  const mistake = mistakeOf(result.data);
  if (mistake !== undefined) throw new ConfigError(`${source}: ${mistake}`);
  return result.data;
}

import { ConfigError } from '@onda/contract';
import type { z } from 'zod';
import { readConfigFile } from './configFile.ts';
import type { Option } from './option.ts';
import { fileName, flagName, variableName, variablePrefix } from './optionNames.ts';
import { serveOptionList } from './serveOptions.ts';
import type { ServeOptions } from './serveOptions.ts';

/** Where options come from; what stands earlier here wins, and the defaults come last. */
export interface OptionSources {
  /** By option, as the command line had them: text, true for a switch. */
  flags: Readonly<Record<string, string | boolean | undefined>>;
  env: Readonly<Record<string, string | undefined>>;
}

/** One source: how it names an option, and what it holds of it. */
interface Layer {
  name: (option: string) => string;
  value: (option: string, from: Option) => unknown;
}

/** Names that only tell where options are. */
const CONFIG = 'config';

/**
 * Joins flags, environment, the file that `--config` or `ONDA_SERVE_CONFIG` names, and the defaults.
 *
 * @throws ConfigError naming the flag, variable or line that is wrong, what it may be and what it was
 */
export async function readOptions({ flags, env }: OptionSources): Promise<ServeOptions> {
  checkVariables(env);
  const variable = (name: string): string | undefined => env[variableName(name)] || undefined;
  const file = (flags[CONFIG] as string | undefined) ?? variable(CONFIG);
  const layers: readonly Layer[] = [
    { name: flagName, value: (name, option) => fromFlag(name, option, flags[name]) },
    { name: variableName, value: (name, option) => maybe(variable(name), option.fromText) },
    ...(file === undefined ? [] : [await fileLayer(file)]),
  ];
  return Object.fromEntries(
    serveOptionList.map(([name, option]) => [name, readOption(name, option, layers)]),
  ) as ServeOptions;
}

function readOption(name: string, option: Option, layers: readonly Layer[]): unknown {
  for (const layer of layers) {
    const value = layer.value(name, option);
    if (value !== undefined) return checked(option, value, layer.name(name));
  }
  const { success, data } = option.schema.safeParse(undefined);
  if (success) return data;
  throw new ConfigError(
    `${flagName(name)}: it is missing; give ${flagName(name)} ${option.value ?? ''}, ${variableName(name)}, or ${fileName(name)} in the file of --config`,
  );
}

/** @param where the flag, variable or line of a file */
function checked(option: Option, value: unknown, where: string): unknown {
  const result = option.schema.safeParse(value);
  if (result.success) return result.data;
  const remedy = option.fallback === undefined ? '' : `; correct it, or leave it out for ${option.fallback}`;
  throw new ConfigError(`${where}: ${firstMessage(result.error)}${remedy || '; correct it'}`);
}

function firstMessage(error: z.ZodError): string {
  return error.issues[0].message;
}

function fromFlag(name: string, option: Option, value: string | boolean | undefined): unknown {
  if (typeof value !== 'string') return value;
  if (option.isSecret?.(value)) {
    throw new ConfigError(
      `${flagName(name)}: the value holds a password, which every user of the machine could read; give it by ${variableName(name)} or in the file of --config`,
    );
  }
  return option.fromText(value);
}

async function fileLayer(file: string): Promise<Layer> {
  const values = await readConfigFile(file);
  const known = new Set(serveOptionList.map(([name]) => fileName(name)));
  for (const key of values.keys()) {
    if (known.has(key)) continue;
    throw new ConfigError(
      `${file}: ${key}: there is no such option; correct its name, \`npm run serve -- --help\` lists them`,
    );
  }
  return {
    name: (option) => `${file}: ${fileName(option)}`,
    value: (option) => values.get(fileName(option)) ?? undefined,
  };
}

/** A variable with a slip in its name would set nothing and say nothing. */
function checkVariables(env: OptionSources['env']): void {
  const known = new Set([CONFIG, ...serveOptionList.map(([name]) => name)].map(variableName));
  for (const name of Object.keys(env)) {
    if (!name.startsWith(variablePrefix) || known.has(name)) continue;
    throw new ConfigError(
      `${name}: there is no such option; correct its name, \`npm run serve -- --help\` lists them`,
    );
  }
}

function maybe<Value, Result>(value: Value | undefined, map: (value: Value) => Result): Result | undefined {
  return value === undefined ? undefined : map(value);
}

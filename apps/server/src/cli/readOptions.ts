import { readFile } from 'node:fs/promises';
import { ConfigError } from '@onda/contract';
import type { Option } from './option.ts';
import type { ServeOptions } from './serveOptions.ts';
import { serveOptionList } from './serveOptions.ts';

/** Prefix of every environment variable of the service. */
const VARIABLE_PREFIX = 'ONDA_SERVE_';

/** The flag and variable that name the configuration file. */
const CONFIG = 'config';

const HELP = '`npm run serve -- --help` lists all options';

/** `maxSequences`: `max-sequences`, the name in a file. */
function fileName(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `maxSequences`: `--max-sequences`. */
export function flagName(option: string): string {
  return `--${fileName(option)}`;
}

/** `maxSequences`: `ONDA_SERVE_MAX_SEQUENCES`. */
export function variableName(option: string): string {
  return VARIABLE_PREFIX + fileName(option).replaceAll('-', '_').toUpperCase();
}

/** Where options come from. A flag wins over a variable, a variable over the file, the file over the default. */
export interface OptionSources {
  /** By option, as the command line gives them: text, or true for a switch. */
  flags: Readonly<Record<string, string | boolean | undefined>>;
  env: Readonly<Record<string, string | undefined>>;
}

/** The value of an option in one source, with the source's name. */
interface Layer {
  name: (option: string) => string;
  value: (option: string, from: Option) => unknown;
}

/**
 * Merges flags, environment, the file named by `--config` or `ONDA_SERVE_CONFIG`, and the defaults.
 *
 * @throws ConfigError that names the wrong flag, variable or line, what was expected and what was given
 */
export async function readOptions({ flags, env }: OptionSources): Promise<ServeOptions> {
  checkVariables(env);
  const variable = (name: string): string | undefined => env[variableName(name)] || undefined;
  const file = (flags[CONFIG] as string | undefined) ?? variable(CONFIG);
  const layers: readonly Layer[] = [
    { name: flagName, value: (name, option) => fromFlag(name, option, flags[name]) },
    {
      name: variableName,
      value: (name, option) => {
        const given = variable(name);
        return given === undefined ? undefined : option.fromText(given);
      },
    },
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
    `${flagName(name)}: expected a value, got none; give ${flagName(name)} ${option.value ?? ''}, ${variableName(name)}, or ${fileName(name)} in the file of --config`,
  );
}

/** @param where the flag, variable or line of a file */
function checked(option: Option, value: unknown, where: string): unknown {
  const result = option.schema.safeParse(value);
  if (result.success) return result.data;
  const remedy =
    option.fallback === undefined ? 'correct it' : `correct it, or leave it out for ${option.fallback}`;
  throw new ConfigError(`${where}: ${result.error.issues[0].message}; ${remedy}`);
}

function fromFlag(name: string, option: Option, value: string | boolean | undefined): unknown {
  if (typeof value !== 'string') return value;
  if (option.isSecret?.(value)) {
    throw new ConfigError(
      `${flagName(name)}: expected a value without a password, since all users of the machine can read flags; use ${variableName(name)} or the file of --config`,
    );
  }
  return option.fromText(value);
}

async function fileLayer(file: string): Promise<Layer> {
  const values = await readConfigFile(file);
  const known = new Set(serveOptionList.map(([name]) => fileName(name)));
  for (const key of values.keys()) {
    if (!known.has(key)) throw new ConfigError(`${file}: ${key}: unknown option; ${HELP}`);
  }
  return {
    name: (option) => `${file}: ${fileName(option)}`,
    value: (option) => values.get(fileName(option)) ?? undefined,
  };
}

/** A misspelled variable would be ignored silently. */
function checkVariables(env: OptionSources['env']): void {
  const known = new Set([CONFIG, ...serveOptionList.map(([name]) => name)].map(variableName));
  for (const name of Object.keys(env)) {
    if (!name.startsWith(VARIABLE_PREFIX) || known.has(name)) continue;
    throw new ConfigError(`${name}: unknown option; ${HELP}`);
  }
}

/**
 * Reads a file of options: YAML, or JSON, which is YAML too.
 *
 * @throws ConfigError for a file that cannot be read, is not YAML, or holds anything but keys and values
 */
async function readConfigFile(file: string): Promise<ReadonlyMap<string, unknown>> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `--config ${file}: the file cannot be read (${code ?? message}); name an existing file`,
      { cause },
    );
  });
  const document = await parseYaml(content, file);
  if (document === null) return new Map();
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new ConfigError(
      `${file}: expected options and their values, got ${JSON.stringify(document).slice(0, 100)}; write lines such as "http-port: 8000"`,
    );
  }
  return new Map(Object.entries(document as Record<string, unknown>));
}

async function parseYaml(content: string, file: string): Promise<unknown> {
  // Loaded only if there is a file.
  const { parse, YAMLParseError } = await import('yaml');
  try {
    // Without aliases a small file cannot expand to a large one.
    return parse(content, { maxAliasCount: 0 });
  } catch (cause) {
    if (!(cause instanceof YAMLParseError) && !(cause instanceof ReferenceError)) throw cause;
    const [line] = cause.message.split('\n');
    throw new ConfigError(`${file}: not YAML: ${line.replace(/:$/, '')}; correct the file`, { cause });
  }
}

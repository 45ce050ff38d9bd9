import { ConfigError, parseFitConfig, type FitConfig } from '@onda/contract';
import { parse, YAMLParseError } from 'yaml';
import { readInput } from '../files.ts';

/** A parsed YAML or JSON file. */
export type Document = Record<string, unknown>;

const isObject = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseYaml(text: string, source: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // An alias without an anchor, such as *.csv, is a ReferenceError.
    if (!(error instanceof YAMLParseError || error instanceof ReferenceError)) throw error;
    const [line] = error.message.split('\n');
    const help =
      error instanceof ReferenceError ? 'put text that starts with "*" in quotes' : 'correct the file';
    throw new ConfigError(`${source}: not YAML: ${line.replace(/:$/, '')}; ${help}`, { cause: error });
  }
}

/**
 * Sets the value at the dotted path `key` (`net.units`), creating missing objects.
 *
 * @param call names the setting in errors
 */
export function setAt(document: Document, key: string, value: unknown, call: string): void {
  const parts = key.split('.');
  const last = parts.pop() ?? '';
  let parent = document;
  for (const part of parts) {
    const next = parent[part] ?? {};
    if (!isObject(next)) {
      throw new ConfigError(
        `${call}: expected "${part}" to be an object, got ${JSON.stringify(next)}; correct the key`,
      );
    }
    parent[part] = next;
    parent = next;
  }
  parent[last] = value;
}

/**
 * Reads a fit configuration from a YAML (or JSON) file.
 *
 * @param file     the path of the file
 * @param settings values of `--set`, `key=value` with dotted keys and YAML values
 * @throws DataError if the file cannot be read; ConfigError if it, or a setting, is invalid
 */
export function readConfig(file: string, settings: readonly string[]): FitConfig {
  return parseFitConfig(readDocument(file, 'config', settings), file);
}

/**
 * Reads the keys and values of a YAML (or JSON) file, without validating them.
 *
 * @param what     names the role of the file in errors
 * @param settings values of `--set`
 * @throws DataError if the file cannot be read; ConfigError if it, or a setting, is not YAML
 */
export function readDocument(file: string, what: string, settings: readonly string[] = []): Document {
  const document = parseYaml(readInput(file, what).toString('utf8'), file) ?? {};
  if (!isObject(document)) {
    throw new ConfigError(
      `${file}: expected keys and values, got ${JSON.stringify(document)}; see examples/lagged-sine.yaml`,
    );
  }
  for (const setting of settings) {
    const at = setting.indexOf('=');
    if (at < 1 || setting.slice(0, at).split('.').includes('__proto__')) {
      throw new ConfigError(`--set ${setting}: expected key=value, such as net.units=64; correct the option`);
    }
    const call = `--set ${setting}`;
    setAt(document, setting.slice(0, at), parseYaml(setting.slice(at + 1), call), call);
  }
  return document;
}

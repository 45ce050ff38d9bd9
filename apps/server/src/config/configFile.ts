import { readFile } from 'node:fs/promises';
import { ConfigError } from '@onda/contract';

/**
 * Reads a file of options: YAML, or JSON, which is YAML too.
 *
 * @throws ConfigError for a file that cannot be read, that is no YAML, or that holds anything but keys and values
 */
export async function readConfigFile(file: string): Promise<ReadonlyMap<string, unknown>> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `--config ${file}: the file cannot be read (${code ?? message}); name one that is there`,
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
  // Most starts have no such file.
  const { parse, YAMLParseError } = await import('yaml');
  try {
    // Without aliases a small file cannot become a large one.
    return parse(content, { maxAliasCount: 0 });
  } catch (cause) {
    if (!(cause instanceof YAMLParseError) && !(cause instanceof ReferenceError)) throw cause;
    const [line] = cause.message.split('\n');
    throw new ConfigError(`${file}: not YAML: ${line.replace(/:$/, '')}; correct the file`, { cause });
  }
}

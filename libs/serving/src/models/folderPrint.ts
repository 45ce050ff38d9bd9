import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, ModelError } from '@onda/contract';
import { isForbidden } from '@onda/runtime-node';

/** Files of a model lie at most so deep: `<name>/<version>/file`, and what an author keeps beside them. */
const MAX_DEPTH = 4;
/** A folder with more is no model's. */
const MAX_ENTRIES = 10_000;

/**
 * The names, sizes and times of everything below a folder: equal as long as nobody has changed it. Reads no file.
 *
 * @param folder of one model
 */
export async function folderPrint(folder: string): Promise<string> {
  const lines: string[] = [];
  await list(folder, '', MAX_DEPTH, lines);
  return lines.sort().join('\n');
}

async function list(folder: string, prefix: string, depth: number, lines: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    // A folder that goes while it is looked at is seen as gone the next time.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new ModelError(`${folder}: the folder cannot be read; give this user the right to read it`, {
      cause,
    });
  });
  for (const entry of entries) {
    if (lines.length >= MAX_ENTRIES) return;
    const path = join(folder, entry.name);
    // What goes while it is looked at is seen as gone the next time.
    const stat = await lstat(path, { bigint: true }).catch(() => undefined);
    if (stat === undefined) continue;
    const name = `${prefix}${entry.name}`;
    lines.push(`${name} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`);
    if (entry.isDirectory() && depth > 1) await list(path, `${name}/`, depth - 1, lines);
  }
}

/**
 * The folders of a repository; hidden ones, links and plain files are no models.
 *
 * @throws ConfigError if there is no such folder
 */
export async function modelNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ConfigError(
      isForbidden(cause)
        ? `--models ${folder}: the folder cannot be read; give this user the right to read it`
        : `--models ${folder}: expected a folder with models, found none; give the folder that \`npm run fit\` or \`npm run export\` wrote to`,
      { cause },
    );
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

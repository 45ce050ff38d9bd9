import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from './context.mjs';
import { describeFile, readValidRecords, writeRecords } from './fileRecord.ts';
import type { FileRecord } from './fileRecord.ts';
import { contentKey, fillFolderAtomic } from './files.mjs';
import { withCacheLock } from './lock.mjs';
import type { Compiler } from './machine.ts';
import { missingCompiler } from './machine.ts';

/** A native library that is compiled on this machine and kept in the cache. */
export interface CompiledLibrary {
  /** Folder in the cache. */
  kind: string;
  /** File name. */
  file: string;
  /** Everything but the compiler that decides the result: sources, flags, CPU. */
  inputs: readonly string[];
  /** Compiles the library and checks that it can be loaded. */
  build: (outFile: string) => Promise<void>;
}

/**
 * The library in the cache. Without a compiler any build of the same inputs is accepted.
 *
 * @returns null where it is absent or damaged
 */
export async function cachedLibrary(
  cache: string,
  library: CompiledLibrary,
  compiler: Compiler | null,
): Promise<FileRecord | null> {
  const parent = join(cache, library.kind);
  const key = contentKey(library.inputs);
  const names = compiler
    ? [folderName(library, compiler)]
    : listFolder(parent).filter((name) => name.startsWith(`${key}-`) && !name.endsWith('.tmp'));
  for (const name of names) {
    const records = await readValidRecords(join(parent, name), join(parent, name, 'files.json'));
    if (records?.[0]) return records[0];
  }
  return null;
}

/**
 * Compiles the library unless it is in the cache. It is renamed into the cache only after it was loaded once, so an interrupted build
 * leaves nothing that looks like a library.
 *
 * @throws MissingPart where there is no compiler or the build fails
 */
export async function ensureCompiled(
  context: Context,
  library: CompiledLibrary,
  compiler: Compiler | null,
): Promise<{ record: FileRecord; compiled: boolean }> {
  const { cache } = context;
  const cached = await cachedLibrary(cache, library, compiler);
  if (cached) return { record: cached, compiled: false };
  if (!compiler) throw missingCompiler(context.env);
  return withCacheLock(context, async () => {
    const concurrent = await cachedLibrary(cache, library, compiler);
    if (concurrent) return { record: concurrent, compiled: false };
    const folder = join(cache, library.kind, folderName(library, compiler));
    await fillFolderAtomic(folder, async (temporary) => {
      await library.build(join(temporary, library.file));
      writeRecords(join(temporary, 'files.json'), [await describeFile(join(temporary, library.file))]);
    });
    const record = await cachedLibrary(cache, library, compiler);
    if (!record) throw new Error(`${folder} changed while it was written`);
    return { record, compiled: true };
  });
}

function folderName(library: CompiledLibrary, compiler: Compiler): string {
  return `${contentKey(library.inputs)}-${contentKey([compiler.version])}`;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

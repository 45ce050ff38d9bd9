// @ts-check
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fillFolderBeside } from './beside.mjs';
import { missingCompiler } from './compiler.mjs';
import { describeFile, soundRecords, writeRecords } from './fileRecord.mjs';
import { contentKey } from './hash.mjs';
import { withLock } from './lock.mjs';
import { cacheLock, waitAloud } from './place.mjs';

/** @typedef {import('./place.mjs').Place} Place */
/** @typedef {import('./fileRecord.mjs').FileRecord} FileRecord */

/**
 * A library that is compiled here and kept in the cache.
 * @typedef {object} CompiledLibrary
 * @property {string} kind its folder in the cache
 * @property {string} file its name
 * @property {readonly string[]} madeFrom everything but the compiler that decides what comes out: sources, flags, CPU
 * @property {(outFile: string) => Promise<void>} build compiles it and checks that it can be loaded
 */

/**
 * The library as it lies in the cache. Without a compiler at hand, one that any compiler made from the same sources does.
 * @param {string} cache
 * @param {CompiledLibrary} library
 * @param {import('./compiler.mjs').Compiler | null} compiler
 * @returns {Promise<FileRecord | null>} null where it is absent or damaged
 */
export async function compiledInPlace(cache, library, compiler) {
  const parent = join(cache, library.kind);
  const key = contentKey(library.madeFrom);
  const names = compiler
    ? [folderName(library, compiler)]
    : listOr(parent).filter((name) => name.startsWith(`${key}-`));
  for (const name of names) {
    if (name.endsWith('.tmp')) continue;
    const records = await soundRecords(join(parent, name), join(parent, name, 'files.json'));
    if (records?.[0]) return records[0];
  }
  return null;
}

/**
 * Compiles the library unless it is there. It gets its name only when it is complete and was loaded once, so a
 * compiler that is killed leaves nothing that a later run would take for it.
 * @param {Place} place
 * @param {CompiledLibrary} library
 * @param {import('./compiler.mjs').Compiler | null} compiler
 * @returns {Promise<{ record: FileRecord, made: boolean }>}
 */
export async function ensureCompiled(place, library, compiler) {
  const present = await compiledInPlace(place.cache, library, compiler);
  if (present) return { record: present, made: false };
  if (!compiler) throw missingCompiler(place.env);
  return withLock(
    cacheLock(place),
    async () => {
      const meanwhile = await compiledInPlace(place.cache, library, compiler);
      if (meanwhile) return { record: meanwhile, made: false };
      const folder = join(place.cache, library.kind, folderName(library, compiler));
      await fillFolderBeside(folder, async (temporary) => {
        await library.build(join(temporary, library.file));
        writeRecords(join(temporary, 'files.json'), [await describeFile(join(temporary, library.file))]);
      });
      const record = await compiledInPlace(place.cache, library, compiler);
      if (!record) throw new Error(`${folder} is not what was just written`);
      return { record, made: true };
    },
    waitAloud(place),
  );
}

/**
 * @param {CompiledLibrary} library
 * @param {import('./compiler.mjs').Compiler} compiler
 */
function folderName(library, compiler) {
  return `${contentKey(library.madeFrom)}-${contentKey([compiler.version])}`;
}

/** @param {string} folder */
function listOr(folder) {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

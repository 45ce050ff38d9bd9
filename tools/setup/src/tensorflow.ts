import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedLibrary, ensureCompiled } from './compiledLibrary.ts';
import type { Context, Row } from './context.mjs';
import { messageOf, MissingPart, stopwatch } from './context.mjs';
import type { FileRecord } from './fileRecord.ts';
import { folderMegabytes, writeFileAtomic } from './files.mjs';
import type { Compiler } from './machine.ts';
import { cpuKey, findCompiler, missingCompiler, thisMachine, unsupportedMachine } from './machine.ts';
import { addonLibrary, kernelLibrary, linkAddon, tensorflowWheel } from './nativeLibraries.ts';
import type { MissingDetails, SetupRecord } from './setupRecord.ts';
import { cachedWheel, ensureWheel, findPip, missingPip, wheelFolder } from './wheel.ts';

const costWithoutTensorflow =
  'Training runs on the WebAssembly kernels: the first example is as fast, wide networks (128 units, batch 32) are about 8 times slower.';

/** A failed download is repeated only after this time; `npm run setup` repeats it at once. */
const RETRY_AFTER_MS = 10 * 60_000;

interface TensorflowResult {
  rows: Row[];
  changes: Partial<SetupRecord>;
}

/**
 * Installs TensorFlow, tfjs-node's addon and the native kernels. A missing part is a result with its consequence and remedy, not an
 * exception.
 *
 * @param retry whether to repeat a download that failed in the last minutes
 */
export async function ensureTensorflow(
  context: Context,
  { retry }: { retry: boolean },
): Promise<TensorflowResult> {
  const seconds = stopwatch();
  try {
    return await installTensorflow(context, retry);
  } catch (error) {
    const missing = missingDetails(error, costWithoutTensorflow);
    return {
      rows: [missingRow('TensorFlow', missing, seconds())],
      changes: {
        backend: 'wasm',
        missing,
        tensorflowDir: null,
        tensorflowVersion: null,
        addon: null,
        kernels: null,
        kernelsSha256: null,
        kernelsMissing: null,
        cpu: cpuKey(),
        files: [],
      },
    };
  }
}

async function installTensorflow(context: Context, retry: boolean): Promise<TensorflowResult> {
  const seconds = stopwatch();
  const { cache, env } = context;
  const reason = unsupportedMachine("TensorFlow's library", thisMachine());
  if (reason)
    throw new MissingPart(
      reason,
      'use x64 Linux with glibc, for example the container image node:22-bookworm',
    );
  const compiler = await findCompiler(env);
  const library = addonLibrary(context, compiler?.command ?? 'g++');
  const cached = await cachedWheel(cache, tensorflowWheel);
  // Everything that is missing is reported at once, before the download.
  const missing = [
    ...(cached || (await findPip(env)) ? [] : [missingPip(env)]),
    ...(compiler || (await cachedLibrary(cache, library, null)) ? [] : [missingCompiler(env)]),
  ];
  if (missing.length > 0) throw joinMissing(missing);

  const { records, downloaded } = cached
    ? { records: cached, downloaded: false }
    : await downloadTensorflow(context, retry);
  const folder = wheelFolder(cache, tensorflowWheel);
  const librarySeconds = seconds();
  const addon = await ensureCompiled(context, library, compiler);
  const linked = linkAddon(context.root, addon.record.path);
  const addonSeconds = Math.round((seconds() - librarySeconds) * 10) / 10;
  const kernels = await installKernels(context, compiler, addon.record.path);
  return {
    rows: [
      {
        part: 'TensorFlow',
        state: downloaded ? 'installed' : 'found',
        detail: `${tensorflowWheel.version}, in ${folder}`,
        ...(downloaded && {
          megabytes: folderMegabytes(folder),
          downloadedMegabytes: Math.round(tensorflowWheel.bytes / 1e6),
        }),
        seconds: librarySeconds,
      },
      {
        part: "tfjs-node's addon",
        state: addon.compiled ? 'installed' : 'found',
        detail: addon.compiled
          ? `compiled by ${compiler?.version}`
          : linked
            ? 'linked from the cache'
            : 'up to date',
        seconds: addonSeconds,
      },
      ...kernels.rows,
    ],
    changes: {
      backend: 'tensorflow',
      missing: null,
      tensorflowDir: folder,
      tensorflowVersion: tensorflowWheel.version,
      addon: addon.record.path,
      kernels: kernels.record?.path ?? null,
      kernelsSha256: kernels.record?.sha256 ?? null,
      kernelsMissing: kernels.missing,
      cpu: cpuKey(),
      files: [...records, addon.record, ...(kernels.record ? [kernels.record] : [])],
    },
  };
}

async function installKernels(
  context: Context,
  compiler: Compiler | null,
  addon: string,
): Promise<{ rows: Row[]; record: FileRecord | null; missing: MissingDetails | null }> {
  const seconds = stopwatch();
  const part = 'native kernels';
  try {
    const library = await kernelLibrary(context, compiler?.command ?? 'g++', addon);
    if (!library) return { rows: [], record: null, missing: null };
    const { record, compiled } = await ensureCompiled(context, library, compiler);
    const row: Row = compiled
      ? { part, state: 'installed', detail: 'compiled for this CPU', seconds: seconds() }
      : { part, state: 'found', detail: 'up to date', seconds: seconds() };
    return { rows: [row], record, missing: null };
  } catch (error) {
    const missing = missingDetails(error, costWithoutTensorflow);
    return { rows: [missingRow(part, missing, seconds())], record: null, missing };
  }
}

function missingDetails(error: unknown, cost: string): MissingDetails {
  if (error instanceof MissingPart) return { what: error.what, cost, remedy: error.remedy };
  return { what: messageOf(error).replace(/\.$/, ''), cost, remedy: 'fix the cause' };
}

function missingRow(part: string, { what, cost, remedy }: MissingDetails, seconds: number): Row {
  return { part, state: 'missing', detail: what, cost, remedy, seconds };
}

/** One missing part with the reasons and remedies of all, so that a user installs them in one step. */
export function joinMissing(parts: readonly MissingPart[]): MissingPart {
  return new MissingPart(
    parts.map((part) => part.what).join(' and '),
    parts.map((part) => part.remedy).join('; '),
  );
}

/** Downloads TensorFlow. A failure is remembered, so that without a network not every command waits for pip. */
async function downloadTensorflow(
  context: Context,
  retry: boolean,
): Promise<{ records: FileRecord[]; downloaded: boolean }> {
  const failureFile = join(context.cache, 'tensorflow-failure.json');
  const failure = retry ? null : recentFailure(failureFile);
  if (failure) throw failure;
  try {
    return await ensureWheel(context, tensorflowWheel);
  } catch (error) {
    if (error instanceof MissingPart) {
      const { what, remedy } = error;
      try {
        writeFileAtomic(failureFile, `${JSON.stringify({ at: Date.now(), what, remedy })}\n`);
      } catch {
        // With a read-only cache each command tries again.
      }
    }
    throw error;
  }
}

function recentFailure(file: string): MissingPart | null {
  try {
    const { at, what, remedy } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const ageMs = Date.now() - Number(at);
    if (typeof what === 'string' && typeof remedy === 'string' && ageMs >= 0 && ageMs < RETRY_AFTER_MS)
      return new MissingPart(what, remedy);
  } catch {
    // No failure, or an unreadable file.
  }
  return null;
}

// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addonLibrary, placeAddon } from './addon.mjs';
import { writeFileBeside } from './beside.mjs';
import { compiledInPlace, ensureCompiled } from './compiled.mjs';
import { findCompiler, missingCompiler } from './compiler.mjs';
import { folderMegabytes } from './folderSize.mjs';
import { kernelLibrary } from './kernels.mjs';
import { cpuKey, thisMachine, unsuitedMachine } from './machine.mjs';
import { findPip, missingPip } from './pip.mjs';
import { stopwatch } from './place.mjs';
import { MissingPart, messageOf } from './setupError.mjs';
import {
  bringTensorflow,
  tensorflowFolder,
  tensorflowInPlace,
  tensorflowWheel,
} from './tensorflowLibrary.mjs';

/** @typedef {import('./place.mjs').Place} Place */
/** @typedef {import('./place.mjs').Row} Row */
/** @typedef {import('./setupRecord.mjs').SetupRecord} SetupRecord */
/** @typedef {{ rows: Row[], news: Partial<SetupRecord> }} Outcome */

const withoutTensorflow =
  "Training runs on TensorFlow.js's JavaScript backend: as fast for the first example, about 25 times slower for wide nets (128 units, batch 32).";
const withoutKernels = 'Training runs on portable kernels, up to 20 times slower.';

/** A download that failed is not tried again by itself for this long; `npm run setup` always tries. Milliseconds. */
const RETRY_AFTER_MS = 10 * 60_000;

/**
 * Brings TensorFlow, tfjs-node's addon and the native kernels; where one cannot be had, says what that costs.
 * @param {Place} place
 * @param {{ retry: boolean }} options `retry`: also what failed a moment ago
 * @returns {Promise<Outcome>}
 */
export async function ensureTensorflow(place, { retry }) {
  const cpu = cpuKey();
  const seconds = stopwatch();
  try {
    const reason = unsuitedMachine(thisMachine());
    if (reason)
      throw new MissingPart(
        reason,
        'run it on x64 Linux with glibc, for example in the container image node:22-bookworm',
      );
    const compiler = await findCompiler(place.env);
    const addonToMake = addonLibrary(place, compiler?.command ?? 'g++');
    let library = await tensorflowInPlace(place.cache);
    const addonThere = await compiledInPlace(place.cache, addonToMake, compiler);
    const missing = [
      ...(library || (await findPip(place.env)) ? [] : [missingPip(place.env)]),
      ...(addonThere || compiler ? [] : [missingCompiler(place.env)]),
    ];
    if (missing.length > 0) throw joined(missing);
    if (!library) throwIfJustFailed(place, retry);

    let downloaded = false;
    if (!library) {
      try {
        ({ records: library, downloaded } = await bringTensorflow(place));
      } catch (error) {
        rememberFailure(place, error);
        throw error;
      }
    }
    const librarySeconds = seconds();
    const addon = addonThere
      ? { record: addonThere, made: false }
      : await ensureCompiled(place, addonToMake, compiler);
    const linked = placeAddon(place.root, addon.record.path);
    const libraryRow = {
      part: 'TensorFlow',
      detail: `${tensorflowWheel.version}, in ${tensorflowFolder(place.cache)}`,
      seconds: librarySeconds,
    };
    /** @type {Row[]} */
    const rows = [
      downloaded
        ? {
            ...libraryRow,
            state: 'brought in',
            megabytes: folderMegabytes(tensorflowFolder(place.cache)),
            downloadedMegabytes: Math.round(tensorflowWheel.bytes / 1e6),
          }
        : { ...libraryRow, state: 'found' },
      {
        part: "tfjs-node's addon",
        state: addon.made ? 'brought in' : 'found',
        detail: addon.made ? `compiled by ${compiler?.version}` : linked ? 'from the cache' : 'in place',
        seconds: round(seconds() - librarySeconds),
      },
    ];
    const kernels = await ensureKernels(place, compiler, addon.record.path);
    return {
      rows: kernels.row ? [...rows, kernels.row] : rows,
      news: {
        backend: 'tensorflow',
        missing: null,
        tensorflowDir: tensorflowFolder(place.cache),
        tensorflowVersion: tensorflowWheel.version,
        addon: addon.record.path,
        kernels: kernels.record?.path ?? null,
        kernelsSha256: kernels.record?.sha256 ?? null,
        kernelsMissing: kernels.missing,
        cpu,
        files: [...library, addon.record, ...(kernels.record ? [kernels.record] : [])],
      },
    };
  } catch (error) {
    const { what, remedy } =
      error instanceof MissingPart
        ? error
        : { what: withoutFullStop(messageOf(error)), remedy: 'correct that' };
    return {
      rows: [
        {
          part: 'TensorFlow',
          state: 'missing',
          detail: what,
          cost: withoutTensorflow,
          remedy,
          seconds: seconds(),
        },
      ],
      news: {
        backend: 'cpu',
        missing: { what, cost: withoutTensorflow, remedy },
        tensorflowDir: null,
        tensorflowVersion: null,
        addon: null,
        kernels: null,
        kernelsSha256: null,
        kernelsMissing: null,
        cpu,
        files: [],
      },
    };
  }
}

/**
 * @param {Place} place
 * @param {import('./compiler.mjs').Compiler | null} compiler
 * @param {string} addon
 * @returns {Promise<{ row: Row | null, record: import('./fileRecord.mjs').FileRecord | null, missing: import('./setupRecord.mjs').Missing | null }>}
 */
async function ensureKernels(place, compiler, addon) {
  const seconds = stopwatch();
  const part = 'native kernels';
  try {
    const library = await kernelLibrary(place, compiler?.command ?? 'g++', addon);
    if (!library) return { row: null, record: null, missing: null };
    const { record, made } = await ensureCompiled(place, library, compiler);
    const detail = made ? 'compiled for this CPU' : 'in place';
    return {
      row: { part, state: made ? 'brought in' : 'found', detail, seconds: seconds() },
      record,
      missing: null,
    };
  } catch (error) {
    const what = error instanceof MissingPart ? error.what : withoutFullStop(messageOf(error));
    const remedy = error instanceof MissingPart ? error.remedy : 'correct that';
    return {
      row: { part, state: 'missing', detail: what, cost: withoutKernels, remedy, seconds: seconds() },
      record: null,
      missing: { what, cost: withoutKernels, remedy },
    };
  }
}

/**
 * One missing part that names all of them, so that a person installs them in one go.
 * @param {readonly MissingPart[]} parts
 */
export function joined(parts) {
  return new MissingPart(
    parts.map((part) => part.what).join(' and '),
    parts.map((part) => part.remedy).join('; '),
  );
}

/**
 * @param {Place} place
 * @param {boolean} retry
 */
function throwIfJustFailed(place, retry) {
  if (retry) return;
  try {
    const { at, what, remedy } = JSON.parse(readFileSync(failurePath(place), 'utf8'));
    const ageMs = Date.now() - at;
    if (typeof what === 'string' && typeof remedy === 'string' && ageMs >= 0 && ageMs < RETRY_AFTER_MS)
      throw new MissingPart(what, remedy);
  } catch (error) {
    if (error instanceof MissingPart) throw error;
  }
}

/**
 * @param {Place} place
 * @param {unknown} error of a download
 */
function rememberFailure(place, error) {
  if (!(error instanceof MissingPart)) return;
  const { what, remedy } = error;
  try {
    writeFileBeside(failurePath(place), `${JSON.stringify({ at: Date.now(), what, remedy })}\n`);
  } catch {
    // A cache that cannot be written is tried again each time.
  }
}

/** @param {Place} place */
function failurePath(place) {
  return join(place.cache, 'tensorflow-failure.json');
}

/** @param {string} text */
function withoutFullStop(text) {
  return text.replace(/\.$/, '');
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

// @ts-check
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fillFolderBeside } from './beside.mjs';
import { describeFile, soundRecords, writeRecords } from './fileRecord.mjs';
import { withLock } from './lock.mjs';
import { downloadWheel } from './pip.mjs';
import { cacheLock, waitAloud } from './place.mjs';
import { unpackZip } from './zip.mjs';

/** @typedef {import('./place.mjs').Place} Place */
/** @typedef {import('./fileRecord.mjs').FileRecord} FileRecord */

/**
 * The wheel that holds libtensorflow and its headers. The addon's own download has answered 403 since 2026
 * (tensorflow/tfjs issue 8742); this is the last line that tfjs-node 4.22 compiles against.
 * @type {import('./pip.mjs').Wheel}
 */
export const tensorflowWheel = {
  name: 'tensorflow-cpu',
  version: '2.15.1',
  sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
  bytes: 207_208_420,
  platform: 'manylinux2014_x86_64',
  unpackedMegabytes: 710,
};

const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/**
 * The folder with include/ and lib/ inside the cache, named by what it was unpacked from.
 * @param {string} cache
 */
export function tensorflowFolder(cache) {
  return join(cache, 'tensorflow', `${tensorflowWheel.version}-${tensorflowWheel.sha256.slice(0, 12)}`);
}

/**
 * The unpacked libraries, if they are all there and undamaged.
 * @param {string} cache
 * @returns {Promise<FileRecord[] | null>}
 */
export function tensorflowInPlace(cache) {
  const folder = tensorflowFolder(cache);
  return soundRecords(join(folder, 'lib'), join(folder, 'files.json'));
}

/**
 * Brings TensorFlow's libraries and headers into the cache, once for all workspaces of a user.
 * @param {Place} place
 * @returns {Promise<{ records: FileRecord[], downloaded: boolean }>}
 * @throws {import('./setupError.mjs').MissingPart} where it cannot be had
 */
export async function bringTensorflow(place) {
  return withLock(
    cacheLock(place),
    async () => {
      const present = await tensorflowInPlace(place.cache);
      if (present) return { records: present, downloaded: false };
      const wheel = await downloadWheel(place, tensorflowWheel);
      place.log(
        `TensorFlow ${tensorflowWheel.version}: unpacking ${tensorflowWheel.unpackedMegabytes} MB into ${place.cache}`,
      );
      await fillFolderBeside(tensorflowFolder(place.cache), async (temporary) => {
        const hashes = await unpackZip(wheel.path, temporary, tensorflowPath);
        const records = libraries.map((name) =>
          describeFile(join(temporary, 'lib', name), hashes.get(`lib/${name}`)),
        );
        writeRecords(join(temporary, 'files.json'), await Promise.all(records));
      });
      await rm(wheel.path);
      const records = await tensorflowInPlace(place.cache);
      if (!records) throw new Error(`${tensorflowFolder(place.cache)} is not what was just written`);
      return { records, downloaded: wheel.downloaded };
    },
    waitAloud(place),
  );
}

/**
 * Where a file of the wheel goes.
 * @param {string} name
 * @returns {string | null} null for what is not needed: Python, and the headers of tools that no kernel includes
 */
export function tensorflowPath(name) {
  const library = libraries.find((file) => name === `tensorflow/${file}`);
  if (library) return `lib/${library}`;
  const header = /^tensorflow\/(include\/.*)$/.exec(name)?.[1];
  if (!header || header.startsWith('include/external/') || header.endsWith('.so')) return null;
  return header;
}

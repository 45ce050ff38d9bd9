// @ts-check

/**
 * Where a set-up works and how it speaks.
 * @typedef {object} Place
 * @property {string} root the workspace
 * @property {string} cache what outlasts node_modules
 * @property {NodeJS.ProcessEnv} env
 * @property {(line: string) => void} log a line for the person, printed at once
 * @property {(text: string | null) => void} progress a passing line of a terminal; null wipes it
 */

/**
 * What became of one part.
 * @typedef {object} Row
 * @property {string} part
 * @property {'found' | 'brought in' | 'missing' | 'left out'} state
 * @property {string} detail what it is, or one clause that says what is missing
 * @property {string} [cost] of a missing part: what one does without, a sentence
 * @property {string} [remedy] of a missing part: how to get it, a clause
 * @property {number} [megabytes] on disk, of what was brought in
 * @property {number} [downloadedMegabytes]
 * @property {number} seconds
 */

/**
 * @returns {() => number} seconds since it was made, one decimal
 */
export function stopwatch() {
  const start = performance.now();
  return () => Math.round((performance.now() - start) / 100) / 10;
}

/**
 * The lock under which the cache is written.
 * @param {Place} place
 */
export function cacheLock(place) {
  return `${place.cache}/locks/cache`;
}

/**
 * What to say while another set-up is at work.
 * @param {Place} place
 * @returns {import('./lock.mjs').LockTimes}
 */
export function waitAloud(place) {
  return {
    onWait: (owner) => {
      place.log(`Waiting for another set-up (process ${owner.pid}) to end.`);
    },
  };
}

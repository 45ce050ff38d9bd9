// @ts-check
import { readFileSync } from 'node:fs';
import { writeFileBeside } from './beside.mjs';
import { recordPath } from './places.mjs';

/** @typedef {{ what: string, cost: string, remedy: string }} Missing `cost` is a sentence, the others clauses */

/**
 * What the set-up tells the programs, in node_modules/.onda/setup.json. libs/tfjs-native reads it before it loads anything.
 * @typedef {object} SetupRecord
 * @property {1} format
 * @property {'tensorflow' | 'cpu'} backend what there is to train with
 * @property {Missing | null} missing why TensorFlow is not there
 * @property {string | null} tensorflowDir folder with include/ and lib/
 * @property {string | null} tensorflowVersion
 * @property {string | null} addon tfjs-node's addon
 * @property {string | null} kernels native kernel library
 * @property {string | null} kernelsSha256
 * @property {Missing | null} kernelsMissing why the native kernels are not there
 * @property {string} cpu what the kernels were compiled for
 * @property {import('./fileRecord.mjs').FileRecord[]} files every library that gets loaded, to be compared before it is
 * @property {string | null} python a Python with onnx, onnxruntime and numpy, for the tests
 * @property {string | null} clientsPython a Python with clients of the service, for the tests
 * @property {string | null} deployPython a Python with the schemas of what is deployed with, for the tests
 * @property {string | null} tritonPython a Python whose packages hold a Triton, for the tests
 * @property {string | null} chromium a browser, for the tests
 * @property {string | null} redis a Redis server, for the tests
 * @property {string | null} haproxy a balancer, for the tests
 */

/** @type {SetupRecord} */
const nothingYet = {
  format: 1,
  backend: 'cpu',
  missing: null,
  tensorflowDir: null,
  tensorflowVersion: null,
  addon: null,
  kernels: null,
  kernelsSha256: null,
  kernelsMissing: null,
  cpu: 'unknown',
  files: [],
  python: null,
  clientsPython: null,
  deployPython: null,
  tritonPython: null,
  chromium: null,
  redis: null,
  haproxy: null,
};

/**
 * @param {string} root
 * @returns {SetupRecord} what was written last; empty where there is none that can be read
 */
export function readSetupRecord(root) {
  try {
    const record = JSON.parse(readText(root));
    if (record.format !== 1) return { ...nothingYet };
    const known = Object.entries(record).filter(([key]) => key in nothingYet);
    return { ...nothingYet, ...Object.fromEntries(known) };
  } catch {
    return { ...nothingYet };
  }
}

/**
 * Writes what is new; the rest stays as the last run found it.
 * @param {string} root
 * @param {Partial<SetupRecord>} news
 * @returns {SetupRecord}
 */
export function updateSetupRecord(root, news) {
  const record = { ...readSetupRecord(root), ...news };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  if (text !== readText(root)) writeFileBeside(recordPath(root), text);
  return record;
}

/**
 * @param {string} root
 * @returns {string} empty where there is no such file
 */
function readText(root) {
  try {
    return readFileSync(recordPath(root), 'utf8');
  } catch {
    return '';
  }
}

/**
 * The one line about a part that is missing.
 * @param {string} subject such as `TensorFlow is`
 * @param {Missing} missing
 */
export function missingLine(subject, { what, cost, remedy }) {
  return `${subject} not used: ${what}. ${cost} Remedy: ${remedy}; then npm run setup.`;
}

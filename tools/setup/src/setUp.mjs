// @ts-check
import { backendChoice } from './backendChoice.mjs';
import { ensureCuda } from './cuda.mjs';
import { nodeVersionProblem } from './nodeVersion.mjs';
import { ensurePackages } from './npmPackages.mjs';
import { ensurePython } from './pythonEnvironment.mjs';
import { pythonEnvironments } from './pythonEnvironments.mjs';
import { SetupError } from './setupError.mjs';
import { missingLine, readSetupRecord, updateSetupRecord } from './setupRecord.mjs';
import { ensureTensorflow } from './tensorflow.mjs';
import { ensureProgram } from './testProgram.mjs';
import { testPrograms } from './testPrograms.mjs';

/** @typedef {import('./place.mjs').Place} Place */
/** @typedef {import('./place.mjs').Row} Row */
/** @typedef {import('./setupRecord.mjs').SetupRecord} SetupRecord */

/**
 * @typedef {object} Wish
 * @property {boolean} [tensorflow] false where the command does not train
 * @property {boolean} [tests] also what only the tests use
 * @property {boolean} [cuda] also the CUDA provider of ONNX Runtime
 * @property {boolean} [retry] try again at once what failed a moment ago
 */

/**
 * Brings in what is missing and writes down where it is.
 * @param {Place} place
 * @param {Wish} wish
 * @returns {Promise<{ rows: Row[], record: SetupRecord, news: string[] }>} `news`: sentences about what is missing that the last run did not say
 * @throws {SetupError} where it cannot go on: another Node, no packages, a forced backend that is not there
 */
export async function setUp(place, wish) {
  const problem = nodeVersionProblem(process.versions.node);
  if (problem) throw new SetupError(problem);
  const choice = backendChoice(place.env);
  const rows = [await ensurePackages(place)];
  const before = readSetupRecord(place.root);
  /** @type {Partial<SetupRecord>} */
  let news = {};

  if (wish.tensorflow !== false && choice === 'cpu') {
    rows.push({ part: 'TensorFlow', state: 'left out', detail: 'ONDA_BACKEND is cpu', seconds: 0 });
  } else if (wish.tensorflow !== false) {
    const outcome = await ensureTensorflow(place, { retry: wish.retry === true });
    rows.push(...outcome.rows);
    news = outcome.news;
  }
  if (wish.tests) {
    for (const program of testPrograms) {
      const { row, path } = await ensureProgram(place, program);
      rows.push(row);
      news[program.field] = path;
    }
    for (const environment of pythonEnvironments) {
      const { row, python } = await ensurePython(place, environment);
      rows.push(row);
      news[environment.field] = python;
    }
  }
  if (wish.cuda) rows.push(...(await ensureCuda(place)));

  const record = updateSetupRecord(place.root, news);
  if (choice === 'tensorflow' && record.backend !== 'tensorflow' && wish.tensorflow !== false) {
    const row = rows.find(({ part, state }) => part === 'TensorFlow' && state === 'missing');
    throw new SetupError(
      `ONDA_BACKEND asks for tensorflow, but ${row?.detail ?? 'it is not set up'}; remedy: ${row?.remedy ?? 'npm run setup'}, then run the command again, or leave ONDA_BACKEND out.`,
    );
  }
  const said = missingLines(before);
  return { rows, record, news: missingLines(record).filter((line) => !said.includes(line)) };
}

/** @param {SetupRecord} record */
function missingLines({ missing, kernelsMissing }) {
  return [
    ...(missing ? [missingLine('TensorFlow is', missing)] : []),
    ...(kernelsMissing ? [missingLine('The native kernels are', kernelsMissing)] : []),
  ];
}

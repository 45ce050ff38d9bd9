// @ts-check
import { thisPlace } from './entry.mjs';
import { setupTable } from './report.mjs';
import { runApp } from './runApp.mjs';
import { setUp } from './setUp.mjs';
import { ensureWebBuild } from './webBuild.mjs';

/**
 * `npm start`: everything from nothing, then the first job.
 * @param {readonly string[]} args for the trainer
 * @param {() => void} handOver called before the trainer gets this process with its signals
 * @returns {Promise<number>} exit code
 */
export async function startCommand(args, handOver) {
  const place = thisPlace();
  const { rows } = await setUp(place, {});
  if (rows.some((row) => row.state !== 'found')) place.log(`${setupTable(rows)}\n`);
  await ensureWebBuild(place);
  return runApp(place, 'trainer', ['start', ...args], handOver);
}

import path from 'node:path';
import { docLinks } from './docLinks.ts';
import { fileSizes } from './fileSizes.ts';
import { houseTexts } from './houseTexts.ts';
import { importCycles } from './importCycles.ts';
import { longFiles } from './longFiles.ts';
import type { Problem } from './problem.ts';
import { trackedFiles } from './trackedFiles.ts';

const root = path.resolve(import.meta.dirname, '../../..');
process.chdir(root);
const files = trackedFiles(root);

const checks: Record<string, () => Problem[] | Promise<Problem[]>> = {
  'import cycles': () => importCycles(['apps', 'libs', 'tools']),
  'file sizes': () => fileSizes(root, files, longFiles),
  'links of the docs': () => docLinks(root, files),
  'house texts': () => houseTexts(root, files),
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const problems = await check();
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const { place, text } of problems) console.log(`     ${place}: ${text}`);
  if (problems.length > 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;

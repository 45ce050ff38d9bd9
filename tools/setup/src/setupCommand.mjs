// @ts-check
import { thisPlace } from './entry.mjs';
import { readOptions } from './options.mjs';
import { setupTable } from './report.mjs';
import { setUp } from './setUp.mjs';

const help = `npm run setup -- [--tests] [--cuda] [--json]
Brings in what npm cannot, and says what it found, brought in and could not bring in.
  --tests  also what only the tests use: Chromium, Redis, and Pythons with the packages that the tests hold us against
  --cuda   also the CUDA provider of ONNX Runtime (247 MB); exit code 1 where CUDA cannot be used here
  --json   the table as JSON on stdout, everything else on stderr
  --help   this text
Environment: ONDA_CACHE (folder for what outlasts node_modules), ONDA_BACKEND (tensorflow or cpu), ONDA_CHROMIUM, ONDA_REDIS_SERVER, CXX.
Exit codes: 0 done (a missing part has a fall-back), 1 --cuda and not usable, 2 the call is wrong or nothing can run.`;

/**
 * `npm run setup`: the set-up alone.
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code
 */
export async function setupCommand(args) {
  const { switches } = readOptions('npm run setup', args, {
    switches: ['tests', 'cuda', 'json', 'help'],
  });
  if (switches.has('help')) {
    console.log(help);
    return 0;
  }
  const cuda = switches.has('cuda');
  const { rows, record } = await setUp(thisPlace(), { tests: switches.has('tests'), cuda, retry: true });
  if (switches.has('json')) console.log(JSON.stringify({ rows, record }, null, 2));
  else console.log(setupTable(rows));
  return cuda && rows.some((row) => row.part.startsWith('CUDA') && row.state === 'missing') ? 1 : 0;
}

// @ts-check
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { passThrough } from './passThrough.mjs';
import { ensureProgram } from './program.mjs';
import { runHere } from './runHere.mjs';
import { SetupError } from './setupError.mjs';

/** @typedef {import('./place.mjs').Place} Place */

/**
 * Runs a command of an app or tool in the folder where npm was called: an app as compiled, in this process, a tool from its TypeScript
 * source.
 * @param {Place} place
 * @param {string} app a folder of apps/ or tools/
 * @param {readonly string[]} args the command and its arguments
 * @param {() => void} handOver called before an app gets this process with its signals
 * @returns {Promise<number>} its exit code, unchanged
 */
export async function runApp(place, app, args, handOver) {
  const [ofApp, ofTool] = ['apps', 'tools'].map((folder) => join(place.root, folder, app, 'src', 'cli.ts'));
  if (!/^[a-z-]+$/.test(app) || !(existsSync(ofApp) || existsSync(ofTool)))
    throw new SetupError(
      `run: expected the name of an app or tool with a command line (apps/NAME/src/cli.ts), got ${JSON.stringify(app)}.`,
    );
  const options = {
    cwd: place.env.INIT_CWD ?? process.cwd(),
    env: {
      ...place.env,
      TSX_TSCONFIG_PATH: join(place.root, 'tsconfig.base.json'),
      TF_CPP_MIN_LOG_LEVEL: place.env.TF_CPP_MIN_LOG_LEVEL ?? '2',
      // ONNX Runtime tells Microsoft of its use otherwise, that of Python in benches too (silenceTelemetry in libs/runtime-node).
      ORT_DISABLE_TELEMETRY: place.env.ORT_DISABLE_TELEMETRY ?? '1',
    },
  };
  if (!existsSync(ofApp))
    return passThrough(process.execPath, [...fromSource(place, ofTool), ...args], options);
  const program = await ensureProgram(place, app);
  handOver();
  return runHere(program, args, options);
}

/**
 * By the loader's full address: a bare name would be looked for from the folder where npm was called.
 * @param {Place} place
 * @param {string} cli
 */
function fromSource(place, cli) {
  const tsx = pathToFileURL(createRequire(join(place.root, 'package.json')).resolve('tsx')).href;
  return ['--import', tsx, cli];
}

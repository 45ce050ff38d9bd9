// @ts-check
import { parseArgs } from 'node:util';
import { messageOf, SetupError } from './context.mjs';
import { chooseStages, testStages } from './testStages.mjs';

/**
 * A command of the set-up with its arguments. `run` runs a command of an app or a tool.
 * @typedef {{ name: 'help', text: string }
 *   | { name: 'setup', tests: boolean, cuda: boolean, json: boolean }
 *   | { name: 'start', args: readonly string[] }
 *   | { name: 'test', stages: readonly import('./testStages.mjs').Stage[] }
 *   | { name: 'build', app: string, folder: string | undefined, web: boolean }
 *   | { name: 'run', app: string, args: readonly string[] }} Command
 */

const setupHelp = `npm run setup -- [--tests] [--cuda] [--json]
Installs what npm does not provide, and prints what was found, installed and is missing.
  --tests  also the programs that only the tests use: Chromium, Redis, HAProxy and Python environments
  --cuda   also the CUDA provider of ONNX Runtime (247 MB); exit code 1 where CUDA is not usable
  --json   the table as JSON on stdout, everything else on stderr
  --help   this text
Environment: ONDA_CACHE (folder for files that outlast node_modules), ONDA_BACKEND (tensorflow or wasm), ONDA_CHROMIUM, ONDA_REDIS_SERVER, ONDA_HAPROXY, CXX.
Exit codes: 0 done (each missing part has a fall-back), 1 --cuda and CUDA is not usable, 2 invalid arguments, or the set-up failed.`;

const testHelp = `npm test -- [--only NAME,NAME...]
Sets up what is missing, then runs the stages: ${testStages.map((stage) => stage.name).join(', ')}.
With CI=true in the environment a part that cannot be installed is a failure; otherwise the tests that need it are skipped.`;

const buildHelp = `npm run build:server -- [FOLDER] [--no-web]
Compiles the server into FOLDER (default apps/server/dist/image) with the packages and files that it needs. FOLDER can be moved; the
server starts with: node FOLDER/program/cli.mjs serve
  --no-web  without the browser app at /`;

/**
 * Reads the arguments of bin/run.mjs: `setup`, `start`, `test`, `build` or the name of an app or a tool, then their arguments.
 * @param {readonly string[]} args
 * @returns {Command}
 * @throws {SetupError} for invalid arguments
 */
export function parseCommand([name = '', ...args]) {
  if (name === 'setup') {
    const { values } = parse('npm run setup', args, { tests: flag, cuda: flag, json: flag });
    if (values.help) return { name: 'help', text: setupHelp };
    return { name, tests: isSet(values.tests), cuda: isSet(values.cuda), json: isSet(values.json) };
  }
  if (name === 'test') {
    const { values } = parse('npm test', args, { only: { type: 'string' } });
    if (values.help) return { name: 'help', text: testHelp };
    return { name, stages: chooseStages(typeof values.only === 'string' ? values.only : undefined) };
  }
  if (name === 'build') {
    const { values, positionals } = parse('npm run build:server', args, { 'no-web': flag }, true);
    if (values.help) return { name: 'help', text: buildHelp };
    const [app = '', folder, ...others] = positionals;
    if (others.length > 0)
      throw new SetupError(
        `npm run build:server: expected one folder, got ${JSON.stringify(positionals.slice(1))}; see npm run build:server -- --help.`,
      );
    return { name, app, folder, web: !values['no-web'] };
  }
  return name === 'start' ? { name, args } : { name: 'run', app: name, args };
}

/** @type {{ type: 'boolean' }} */
const flag = { type: 'boolean' };

/** @param {unknown} value */
const isSet = (value) => value === true;

/**
 * @param {string} command its name, for the message
 * @param {readonly string[]} args
 * @param {NonNullable<import('node:util').ParseArgsConfig['options']>} options
 * @param {boolean} [allowPositionals]
 * @returns {{ values: Record<string, unknown>, positionals: string[] }}
 */
function parse(command, args, options, allowPositionals = false) {
  try {
    return parseArgs({ args: [...args], options: { ...options, help: flag }, allowPositionals });
  } catch (error) {
    const names = [...Object.keys(options), 'help'].map((name) => `--${name}`).join(', ');
    const [reason] = messageOf(error).split(/\.\s/);
    throw new SetupError(`${command}: ${reason}, expected options of ${names}; see ${command} -- --help.`, {
      cause: error,
    });
  }
}

/**
 * Reads ONDA_BACKEND, as libs/tfjs-native does.
 * @param {NodeJS.ProcessEnv} env
 * @returns {'tensorflow' | 'wasm' | 'auto'}
 * @throws {SetupError} for any other value
 */
export function backendChoice(env) {
  const value = env.ONDA_BACKEND;
  if (value === undefined || value === '' || value === 'auto') return 'auto';
  if (value === 'tensorflow' || value === 'wasm') return value;
  throw new SetupError(
    `ONDA_BACKEND: expected tensorflow, wasm or auto, got ${JSON.stringify(value)}; unset it to use TensorFlow where it is available.`,
  );
}

// @ts-check
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { copyPackages } from './copyPackages.mjs';
import { thisPlace } from './entry.mjs';
import { compileInto } from './program.mjs';
import { SetupError } from './setupError.mjs';

/**
 * `build.mjs APP FOLDER`: what an image of an app holds. FOLDER gets `program`, compiled as `npm run` does it, and `node_modules` with the
 * packages that it needs and no others. The program looks for its other files (`proto`, the page) where its sources lay.
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code
 */
export async function buildCommand(args) {
  const [app = '', folder = ''] = args;
  const { root } = thisPlace();
  if (!/^[a-z-]+$/.test(app) || !existsSync(join(root, 'apps', app, 'src', 'cli.ts')))
    throw new SetupError(
      `build: expected the name of an app with a command line (apps/NAME/src/cli.ts), got ${JSON.stringify(app)}.`,
    );
  if (folder === '' || args.length > 2)
    throw new SetupError(`build: expected an app and a folder, got ${JSON.stringify(args)}.`);
  const outside = await compileInto(root, app, join(resolve(folder), 'program'));
  await copyPackages(root, outside, join(resolve(folder), 'node_modules'));
  return 0;
}

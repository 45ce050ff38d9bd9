// @ts-check
import { runChild } from './child.mjs';
import { installCommand } from './machine.mjs';
import { MissingPart } from './setupError.mjs';

/** @typedef {{ command: string, version: string }} Compiler */

/**
 * The C++ compiler: CXX, else g++.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Compiler | null>}
 */
export async function findCompiler(env) {
  const command = env.CXX ? env.CXX : 'g++';
  const { code, stdout } = await runChild(command, ['--version'], { env });
  return code === 0 ? { command, version: stdout.split('\n')[0] ?? '' } : null;
}

/** @param {NodeJS.ProcessEnv} env */
export function missingCompiler(env) {
  const name = env.CXX ? `CXX names ${env.CXX}, which does not run` : 'there is no C++ compiler (g++)';
  return new MissingPart(name, installCommand('compiler', env));
}

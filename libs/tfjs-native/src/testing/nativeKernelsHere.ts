import { openBackend } from '../openBackend.ts';

/**
 * Makes TensorFlow with the native kernels the current backend, for tests of them.
 *
 * @returns false, said in one line, where `npm run setup` has not brought them in; the tests are then skipped
 * @throws Error in the same case under CI, where nothing may go untested
 */
export async function nativeKernelsHere(): Promise<boolean> {
  const lines: string[] = [];
  const { kernels } = await openBackend({ want: 'auto', log: (line) => lines.push(line) });
  if (kernels) return true;
  const said = `The native kernels are not tested: they are not there. ${lines.join(' ')}`.trim();
  if (process.env['CI'] === 'true') throw new Error(said);
  process.stderr.write(`${said}\n`);
  return false;
}

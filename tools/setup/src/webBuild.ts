import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from './context.mjs';
import { SetupError } from './context.mjs';
import { passThrough } from './runApp.ts';

/** Builds the browser app unless its build is newer than its sources. The output goes to stderr. */
export async function ensureWebBuild({ root, env, log }: Context): Promise<void> {
  const built = join(root, 'apps', 'web', 'dist', 'index.html');
  if (!existsSync(join(root, 'apps', 'web', 'index.html')) || !isWebBuildStale(root, built)) return;
  log('Browser app: building');
  const nx = join(root, 'node_modules', '.bin', 'nx');
  const code = await passThrough(process.execPath, [nx, 'run', 'web:build'], {
    cwd: root,
    env: { ...env, NX_DAEMON: 'false' },
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (code !== 0)
    throw new SetupError(
      `the browser app could not be built (nx run web:build ended with code ${code}, see its messages above); correct it, or use --no-web to serve without it.`,
      { exitCode: 1 },
    );
  // A build that Nx restores from its cache keeps its old time and would be stale forever.
  const now = new Date();
  if (existsSync(built)) utimesSync(built, now, now);
}

/** @param built the file that a build writes last */
export function isWebBuildStale(root: string, built: string): boolean {
  const stat = statSync(built, { throwIfNoEntry: false });
  if (!stat) return true;
  const libs = join(root, 'libs');
  const folders = readdirSync(libs).map((name) => join(libs, name, 'src'));
  return [join(root, 'apps', 'web'), ...folders].some((folder) => newestMs(folder) > stat.mtimeMs);
}

/** The newest modification time of the source files in a folder, in milliseconds; 0 where there is no folder. */
function newestMs(folder: string): number {
  if (!existsSync(folder)) return 0;
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name === 'node_modules' || entry.name.endsWith('.test.ts')) continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(path) : statSync(path).mtimeMs);
  }
  return newest;
}

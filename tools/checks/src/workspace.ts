import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** One finding of a check: the place, and a sentence that says what is wrong and what to do. */
export interface Problem {
  place: string;
  text: string;
}

/** The folder of this workspace. */
export const workspaceRoot = path.resolve(import.meta.dirname, '../../..');

/** Files that git tracks, and new ones that it does not ignore, relative to `root`, with `/` between folders. */
export function trackedFiles(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...new Set(listed.split('\0'))]
    .filter((file) => file !== '' && existsSync(path.join(root, file)))
    .sort();
}

/** The package that a file belongs to: `apps/NAME`, `libs/NAME`, `tools/NAME`, another top folder, or `root`. */
export function packageOf(file: string): string {
  if (!file.includes('/')) return 'root';
  const [top, name] = file.split('/');
  return ['apps', 'libs', 'tools'].includes(top) ? `${top}/${name}` : top;
}

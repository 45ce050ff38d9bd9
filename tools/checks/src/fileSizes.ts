import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from './problem.ts';

/** A file holds one idea; more lines than this need a reason. */
export const lineLimit = 300;

/** An `index.ts` only lists exports. */
export const indexLineLimit = 60;

const code = /\.(ts|mts|mjs|js|cc|cpp|h|hpp|css|py)$/;

/** Files over their limit, but for those that `reasons` names (path -> why it is one file). */
export function fileSizes(
  root: string,
  files: readonly string[],
  reasons: Readonly<Record<string, string>>,
): Problem[] {
  const problems: Problem[] = [];
  const long = new Set<string>();
  for (const file of files.filter((name) => code.test(name))) {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n').length - 1;
    const limit = path.basename(file) === 'index.ts' ? indexLineLimit : lineLimit;
    if (lines <= limit) continue;
    long.add(file);
    if (reasons[file]) continue;
    problems.push({
      place: file,
      text: `expected at most ${limit} lines, got ${lines}; split it, or give a reason in tools/checks/src/longFiles.ts`,
    });
  }
  for (const file of Object.keys(reasons)) {
    if (!long.has(file)) {
      problems.push({
        place: 'tools/checks/src/longFiles.ts',
        text: `${file} is not over its limit; remove its entry`,
      });
    }
  }
  return problems;
}

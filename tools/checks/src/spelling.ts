import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { lint } from 'cspell';
import type { Problem } from './workspace.ts';

/** Words in `files` that are in none of the dictionaries of cspell.json. */
export async function spelling(root: string, files: readonly string[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  await lint(
    // A path with brackets or braces would be read as a pattern.
    files.filter((file) => !/[[\]{}()*?!]/.test(file)),
    {
      root,
      config: path.join(root, 'cspell.json'),
      progress: false,
      summary: false,
      gitignore: false,
      dot: true,
    },
    {
      issue: ({ uri = '', row, text }) => {
        const file = path.relative(root, fileURLToPath(uri)).split(path.sep).join('/');
        problems.push({
          place: `${file}:${row}`,
          text: `unknown word "${text}"; correct it, or add it to tools/checks/dictionary.txt`,
        });
      },
    },
  );
  return problems;
}

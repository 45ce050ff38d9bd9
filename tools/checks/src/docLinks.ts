import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from './problem.ts';

const link = /!?\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;

/** The anchors that a Markdown text offers, as GitHub makes them from its headings. */
function anchors(text: string): Set<string> {
  const found = [...text.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
  return new Set(found);
}

/** Links in Markdown files that lead to a file or heading that is not there. Links to the web are not followed. */
export function docLinks(root: string, files: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(path.join(root, file), 'utf8').replace(/```[\s\S]*?```/g, '');
    for (const [, target] of text.matchAll(link)) {
      if (/^[a-z]+:/i.test(target)) continue;
      const [name, anchor] = target.split('#');
      const goal =
        name === '' ? path.join(root, file) : path.join(root, path.dirname(file), decodeURIComponent(name));
      if (!existsSync(goal)) {
        problems.push({ place: file, text: `links to ${target}, which is not there; correct the link` });
      } else if (anchor && goal.endsWith('.md') && !anchors(readFileSync(goal, 'utf8')).has(anchor)) {
        problems.push({
          place: file,
          text: `links to ${target}, a heading that is not there; correct the link`,
        });
      }
    }
  }
  return problems;
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from './workspace.ts';

/** The most lines of a source file. */
export const lineLimit = 500;

/** The most lines of an `index.ts`, which only lists exports. */
export const indexLineLimit = 80;

const code = /\.(ts|mts|mjs|js|cc|cpp|h|hpp|css|py)$/;

/** Source files over their limit of lines. */
export function fileSizes(root: string, files: readonly string[]): Problem[] {
  return files
    .filter((file) => code.test(file))
    .flatMap((file) => {
      const lines = readFileSync(path.join(root, file), 'utf8').split('\n').length - 1;
      const limit = path.basename(file) === 'index.ts' ? indexLineLimit : lineLimit;
      if (lines <= limit) return [];
      return [{ place: file, text: `expected at most ${limit} lines, got ${lines}; split it by concept` }];
    });
}

const link = /!?\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;

/** The anchors of a Markdown text: GitHub derives them from its headings. */
function anchors(text: string): Set<string> {
  const found = [...text.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
  return new Set(found);
}

/** Links in Markdown files to a missing file or heading. Links to the web are not followed. */
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
        problems.push({ place: file, text: `links to ${target}, which does not exist; correct the link` });
      } else if (anchor && goal.endsWith('.md') && !anchors(readFileSync(goal, 'utf8')).has(anchor)) {
        problems.push({
          place: file,
          text: `links to ${target}, a heading that does not exist; correct the link`,
        });
      }
    }
  }
  return problems;
}

const binary = /\.(png|onnx|bin|ico|woff2?|wasm|gz)$/;

/** Texts that no tracked file contains. Built from parts, so that this file does not contain them either. */
const banned = [
  { pattern: new RegExp(['', '(root|home)', '[a-z0-9.]+', ''].join('/')), why: 'a path of one machine' },
  { pattern: new RegExp(['registry', 'npmjs'].join('\\.')), why: "a registry's host name" },
  { pattern: new RegExp(['files', 'pythonhosted'].join('\\.')), why: "a registry's host name" },
] as const;

/** Tracked texts with a path of one machine or the host name of a registry. */
export function privateTexts(root: string, files: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const file of files.filter((name) => !binary.test(name))) {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
    for (const { pattern, why } of banned) {
      const line = lines.findIndex((text) => pattern.test(text));
      if (line >= 0) problems.push({ place: `${file}:${line + 1}`, text: `contains ${why}; remove it` });
    }
  }
  return problems;
}

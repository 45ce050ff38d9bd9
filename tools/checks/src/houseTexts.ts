import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from './problem.ts';

const binary = /\.(png|onnx|bin|ico|woff2?|wasm|gz)$/;

/** What a tracked text may not hold, and why. Built from parts, so that this file does not hold it either. */
const banned = [
  { pattern: new RegExp(['', '(root|home)', '[a-z0-9.]+', ''].join('/')), why: 'a path of one machine' },
  { pattern: new RegExp(['registry', 'npmjs'].join('\\.')), why: "a registry's host name" },
  { pattern: new RegExp(['files', 'pythonhosted'].join('\\.')), why: "a registry's host name" },
] as const;

/** Tracked texts that hold a path of one machine or a registry's host name. */
export function houseTexts(root: string, files: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const file of files.filter((name) => !binary.test(name))) {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
    for (const { pattern, why } of banned) {
      const line = lines.findIndex((text) => pattern.test(text));
      if (line >= 0) problems.push({ place: `${file}:${line + 1}`, text: `holds ${why}; remove it` });
    }
  }
  return problems;
}

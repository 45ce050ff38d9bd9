import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { flagName } from './readOptions.ts';
import { serveOptionList } from './serveOptions.ts';

const docs = new URL('../../../../docs/serving.md', import.meta.url);

describe('docs/serving.md', () => {
  it('lists every option as the help does', async () => {
    const rows = (await readFile(docs, 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('| `--'))
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .filter((cell) => cell !== ''),
      );
    expect(rows).toEqual(
      serveOptionList.map(([name, { fallback, says }]) => [
        `\`${flagName(name)}\``,
        fallback ?? 'none',
        says,
      ]),
    );
  });

  it('has at most 26 options', () => {
    expect(serveOptionList.length).toBeLessThanOrEqual(26);
  });
});

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { flagName } from './optionNames.ts';
import { serveOptionList } from './serveOptions.ts';

const docs = new URL('../../../../docs/serving.md', import.meta.url);

describe('docs/serving.md', () => {
  it('lists every option as the table of options has it', async () => {
    const rows = (await readFile(docs, 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('| `--'))
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .filter((cell) => cell !== ''),
      );
    expect(rows).toEqual([
      ['`--config`', 'none', 'file of options'],
      ...serveOptionList.map(([name, { fallback, says }]) => [
        `\`${flagName(name)}\``,
        fallback ?? 'none',
        says,
      ]),
    ]);
  });
});

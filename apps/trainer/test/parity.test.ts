import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, examples, onda } from './command.ts';

const references = ['rnn', 'lstm', 'gru', 'gru-2-layers'].map((name) =>
  path.join(examples, `reference/pytorch-sine-${name}.json`),
);

describe('parity', () => {
  it("repeats PyTorch's runs on both backends within the limits", async () => {
    const result = await onda(['parity', ...references, '--json'], emptyFolder());
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    const rows = JSON.parse(result.stdout) as { backend: string; worst: number; limit: number }[];
    expect(rows).toHaveLength(references.length * 2 * 4);
    expect(rows.every(({ worst, limit }) => worst <= limit)).toBe(true);
  });

  it('exits with 1 and the worst place when a run differs', async () => {
    const folder = emptyFolder();
    const reference = JSON.parse(readFileSync(references[0], 'utf8')) as { losses: number[] };
    reference.losses[60] *= 1.01;
    writeFileSync(path.join(folder, 'changed.json'), JSON.stringify(reference));
    const result = await onda(['parity', 'changed.json'], folder, { ONDA_BACKEND: 'wasm' });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /^parity: changed\.json on wasm: losses: expected a difference of at most 0\.0001, got 9\.\d+e-3 at step 60\n$/,
    );
  });

  it('rejects a setting that it cannot repeat', async () => {
    const folder = emptyFolder();
    const reference = JSON.parse(readFileSync(references[0], 'utf8')) as object;
    writeFileSync(path.join(folder, 'relu.json'), JSON.stringify({ ...reference, nonlinearity: 'relu' }));
    const result = await onda(['parity', 'relu.json'], folder);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(
      /^parity: reference relu\.json: nonlinearity: unknown key; expected one of cell, .* cannot be repeated\n$/,
    );
  });

  it.each([
    ['text', 'not JSON', 'not JSON'],
    ['another format', '{"cell": "rnn"}', 'pass a file in the format of examples/reference'],
  ])('rejects %s', async (_what, text, message) => {
    const folder = emptyFolder();
    writeFileSync(path.join(folder, 'a.json'), text);
    const result = await onda(['parity', 'a.json'], folder);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
  });
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from './readConfig.ts';

function configFile(text: string): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'onda-config-')), 'a.yaml');
  writeFileSync(file, text);
  return file;
}

const good = 'name: wave\ndata: { kind: sine }\n';

describe(readConfig, () => {
  it('reads YAML and applies settings over it', () => {
    const config = readConfig(configFile(good), ['net.units=7', 'training.carry=false', 'name=other']);
    expect(config).toMatchObject({
      name: 'other',
      net: { units: 7, cell: 'rnn' },
      training: { carry: false },
    });
  });

  it.each([
    ['an unknown key', good + 'nett: 1\n', [], 'FILE: nett: unknown key; did you mean "net"?'],
    [
      'a wrong type',
      good,
      ['net.units=many'],
      'FILE: net.units: expected a number, got "many"; correct the value',
    ],
    [
      'a negative size',
      good,
      ['net.units=-1'],
      'FILE: net.units: expected a number of at least 1, got -1; correct the value',
    ],
    [
      'an alias without an anchor',
      'name: a\ndata: { kind: csv, file: *.csv }\n',
      [],
      'FILE: not YAML: Unresolved alias (the anchor must be set before the alias): .csv; put text that starts with "*" in quotes',
    ],
    [
      'an alias in a setting',
      good,
      ['data.file=*.csv'],
      '--set data.file=*.csv: not YAML: Unresolved alias (the anchor must be set before the alias): .csv; put text that starts with "*" in quotes',
    ],
    [
      'a setting without a value',
      good,
      ['net.units'],
      '--set net.units: expected key=value, such as net.units=64; correct the option',
    ],
    [
      'a setting below a value',
      good,
      ['name.first=a'],
      '--set name.first=a: expected "name" to be an object, got "wave"; correct the key',
    ],
    ['no keys', '- 1\n', [], 'FILE: expected keys and values, got [1]; see examples/lagged-sine.yaml'],
    [
      'broken YAML',
      'name: [1\n',
      [],
      'FILE: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1; correct the file',
    ],
  ])('rejects %s', (_what, text, settings, message) => {
    const file = configFile(text);
    expect(() => readConfig(file, settings)).toThrow(message.replace('FILE', file));
  });

  it('names a missing file', () => {
    expect(() => readConfig('/nowhere/a.yaml', [])).toThrow(
      'config /nowhere/a.yaml: cannot be read: it does not exist; check the path',
    );
  });
});

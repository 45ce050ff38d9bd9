import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { benchNames } from './benches.ts';
import { parseBenchName, parseCount, parseList } from './options.ts';
import { checkSubjects } from './runner.ts';

describe(parseBenchName, () => {
  it('accepts a known bench', () => {
    expect(parseBenchName('training')).toBe('training');
  });

  it.each(['train', 'toString'])('rejects %s', (name) => {
    expect(() => parseBenchName(name)).toThrow(
      new ConfigError(
        `expected the name of a bench (${benchNames.join(', ')}), got "${name}"; correct the name`,
      ),
    );
  });
});

describe(parseList, () => {
  it('splits at commas', () => {
    expect(parseList('--works', 'a, b')).toEqual(['a', 'b']);
  });

  it('rejects an empty name', () => {
    expect(() => parseList('--works', 'a,')).toThrow(
      new ConfigError('--works: expected names separated by commas, got "a,"; leave none empty'),
    );
  });
});

describe(parseCount, () => {
  it('accepts a whole number', () => {
    expect(parseCount('--rounds', '12', 1000)).toBe(12);
  });

  it.each(['0', '1.5', 'x', '', '1001'])('rejects %o', (text) => {
    expect(() => parseCount('--rounds', text, 1000)).toThrow(
      new ConfigError(`--rounds: expected a whole number from 1 to 1000, got "${text}"; correct it`),
    );
  });
});

describe(checkSubjects, () => {
  const bench = { subjects: ['onda-native', 'pytorch'] };

  it('accepts known systems', () => {
    expect(() => {
      checkSubjects(bench, ['onda-native']);
    }).not.toThrow();
  });

  it('rejects an unknown one', () => {
    expect(() => {
      checkSubjects(bench, ['keras']);
    }).toThrow(
      new ConfigError('--systems: expected some of onda-native, pytorch, got "keras"; correct the name'),
    );
  });
});

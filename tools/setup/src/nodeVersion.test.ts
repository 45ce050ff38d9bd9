import { describe, expect, it } from 'vitest';
import { nodeVersionProblem, nodeVersionWarning } from './nodeVersion.mjs';

describe(nodeVersionProblem, () => {
  it.each(['20.19.0', '20.20.2', '22.12.0', '22.30.1', '24.0.0', '24.11.0', '26.0.0'])(
    'accepts %s',
    (version) => {
      expect(nodeVersionProblem(version)).toBeNull();
    },
  );

  it.each(['18.20.0', '20.18.3', '21.7.0', '22.11.0', '23.5.0', '25.0.0', '27.0.0'])(
    'rejects %s',
    (version) => {
      expect(nodeVersionProblem(version)).toBe(
        `Onda needs Node 20.19 or later of line 20, 22.12 or later of line 22, or any 24 or 26; this is Node ${version}: install one of them (from nodejs.org, or: nvm install 22) and run the command again.`,
      );
    },
  );
});

describe(nodeVersionWarning, () => {
  it('is for line 20 alone', () => {
    expect(nodeVersionWarning('20.20.2')).toMatch(/^Node 20\.20\.2: line 20 .* install Node 22, 24 or 26/);
    expect(nodeVersionWarning('22.12.0')).toBeNull();
    expect(nodeVersionWarning('26.1.0')).toBeNull();
  });
});

// @ts-check

/** Release lines that Onda is tested on, with the first version that works; the same as "engines" in package.json. */
const supported = [
  { major: 20, minor: 19 },
  { major: 22, minor: 12 },
  { major: 24, minor: 0 },
  { major: 26, minor: 0 },
];

/**
 * @param {string} version such as `20.19.5`, as in `process.versions.node`
 * @returns {string | null} why this version of Node cannot run Onda, one sentence; null for a supported one
 */
export function nodeVersionProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (supported.some((line) => line.major === major && minor >= line.minor)) return null;
  return `Onda needs Node 20.19 or later of line 20, 22.12 or later of line 22, or any 24 or 26; this is Node ${version}: install one of them (from nodejs.org, or: nvm install 22) and run the command again.`;
}

/**
 * @param {string} version as above
 * @returns {string | null} a warning about a supported version without security updates; null for the others
 */
export function nodeVersionWarning(version) {
  if (!version.startsWith('20.')) return null;
  return `Node ${version}: line 20 has had no security updates since April 2026; install Node 22, 24 or 26 (from nodejs.org, or: nvm install 24).`;
}

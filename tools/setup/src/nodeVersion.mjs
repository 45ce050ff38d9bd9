// @ts-check

/** Release lines that Onda is tested on, with the first version that works; the same as "engines" in package.json. */
const supported = [
  { major: 20, minor: 19 },
  { major: 22, minor: 12 },
  { major: 24, minor: 0 },
];

/**
 * @param {string} version such as `20.19.5`, as in `process.versions.node`
 * @returns {string | null} why this version of Node cannot run Onda, one sentence; null for a supported one
 */
export function nodeVersionProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (supported.some((line) => line.major === major && minor >= line.minor)) return null;
  return `Onda needs Node 20.19 or later of line 20, 22.12 or later of line 22, or any 24; this is Node ${version}: install one of them (from nodejs.org, or: nvm install 22) and run the command again.`;
}

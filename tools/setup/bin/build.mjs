// @ts-check
// build.mjs APP FOLDER: what `npm run` compiles for itself, for an image
import { nodeVersionProblem } from '../src/nodeVersion.mjs';

const problem = nodeVersionProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exitCode = 2;
} else {
  // Only now: another Node may not even read what these import.
  const { runToExitCode } = await import('../src/entry.mjs');
  const { buildCommand } = await import('../src/buildCommand.mjs');
  await runToExitCode(() => buildCommand(process.argv.slice(2)));
}

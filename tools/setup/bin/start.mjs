// @ts-check
// npm start
import { nodeVersionProblem } from '../src/nodeVersion.mjs';

const problem = nodeVersionProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exitCode = 2;
} else {
  // Only now: another Node may not even read what these import.
  const { runToExitCode } = await import('../src/entry.mjs');
  const { startCommand } = await import('../src/startCommand.mjs');
  await runToExitCode((handOver) => startCommand(process.argv.slice(2), handOver));
}

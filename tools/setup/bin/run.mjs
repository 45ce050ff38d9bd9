// @ts-check
// npm run fit, export, generate, evaluate, parity, serve: run.mjs APP COMMAND ARGS...
import { nodeVersionProblem } from '../src/nodeVersion.mjs';

const problem = nodeVersionProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exitCode = 2;
} else {
  // Only now: another Node may not even read what these import.
  const { runToExitCode } = await import('../src/entry.mjs');
  const { runCommand } = await import('../src/runCommand.mjs');
  await runToExitCode((handOver) => runCommand(process.argv.slice(2), handOver));
}

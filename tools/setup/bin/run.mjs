// @ts-check
// The npm scripts: run.mjs setup|start|test|build ARGS..., or run.mjs APP COMMAND ARGS...
import { nodeVersionProblem, nodeVersionWarning } from '../src/nodeVersion.mjs';

const problem = nodeVersionProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exitCode = 2;
} else {
  const [command] = process.argv.slice(2);
  // Not before the commands of the apps, whose output programs read.
  const warning = ['setup', 'start', 'test'].includes(command) && nodeVersionWarning(process.versions.node);
  if (warning) console.error(warning);
  // A dynamic import: an older Node may fail to parse these modules.
  const { bootstrap } = await import('../src/bootstrap.mjs');
  await bootstrap(process.argv.slice(2));
}

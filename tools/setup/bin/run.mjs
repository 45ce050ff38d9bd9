// @ts-check
// The npm scripts: run.mjs setup|start|test|build ARGS..., or run.mjs APP COMMAND ARGS...
import { nodeVersionProblem } from '../src/nodeVersion.mjs';

const problem = nodeVersionProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exitCode = 2;
} else {
  // A dynamic import: an older Node may fail to parse these modules.
  const { bootstrap } = await import('../src/bootstrap.mjs');
  await bootstrap(process.argv.slice(2));
}

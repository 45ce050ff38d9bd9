// @ts-check
import { thisPlace } from './entry.mjs';
import { runApp } from './runApp.mjs';
import { setUp } from './setUp.mjs';
import { ensureWebBuild } from './webBuild.mjs';

/**
 * `run.mjs APP COMMAND ARGS...`: sets up what is missing, saying so on stderr, then runs the command of the app.
 * @param {readonly string[]} args
 * @param {() => void} handOver called before an app gets this process with its signals
 * @returns {Promise<number>} exit code
 */
export async function runCommand(args, handOver) {
  const [app = '', ...given] = args;
  const place = thisPlace();
  const { news } = await setUp(place, { tensorflow: app === 'trainer' || app === 'bench' });
  news.forEach(place.log);
  const serves = app === 'server' && given[0] === 'serve';
  if (serves && !given.includes('--no-web')) await ensureWebBuild(place);
  return runApp(place, app, serves ? given.filter((arg) => arg !== '--no-web') : given, handOver);
}

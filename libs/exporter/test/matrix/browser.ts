import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
// The browser runs are driven from Node, which the exporter itself does not depend on.
// eslint-disable-next-line @nx/enforce-module-boundaries
import { createChromiumRuntime, findChromium, type ChromiumRuntime } from '@onda/runtime-chromium';
import type { Floats } from '../support/onnxRuntime.ts';
import { floats } from '../support/onnxRuntime.ts';
import type { MatrixRun } from './matrixRun.ts';
import { differences } from './matrixRun.ts';

/** Whether there is a Chromium; none is a failure where CI=true. */
export function canTestInBrowser(env: NodeJS.ProcessEnv): boolean {
  if (findChromium(env) !== null) return true;
  const text =
    'the matrix in the browser: expected Chromium at ONDA_CHROMIUM or on PATH, got none; run npm test, which sets it up';
  if (env['CI'] === 'true') throw new Error(text);
  console.warn(`left out: ${text}`);
  return false;
}

/** Runs every file of the folder in one page; what is wrong, a sentence each. */
export async function browserProblems(folder: string): Promise<string[]> {
  const runtime = await createChromiumRuntime();
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
    const problems: string[] = [];
    for (const file of files)
      problems.push(
        ...(await modelProblems(runtime, path.join(folder, file))).map((text) => `${file}, ${text}`),
      );
    return files.length === 0 ? ['expected models, found none'] : problems;
  } finally {
    await runtime.close();
  }
}

async function modelProblems(runtime: ChromiumRuntime, file: string): Promise<string[]> {
  const runs = JSON.parse(readFileSync(file.replace(/onnx$/, 'json'), 'utf8')) as MatrixRun[];
  const session = await runtime.createSession(readFileSync(file));
  const problems: string[] = [];
  for (const { feeds, expected } of runs) {
    const run = { feeds: revived(feeds), expected: revived(expected) };
    const tensors = Object.entries(run.feeds).map(([name, { dims, data }]) => [
      name,
      { type: 'float32' as const, dims, data },
    ]);
    const results = await session.run(Object.fromEntries(tensors) as Parameters<typeof session.run>[0]);
    const actual = Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { dims, data: data as Float32Array },
    ]);
    const [{ dims }] = Object.values(run.feeds);
    problems.push(
      ...differences(
        Object.fromEntries(actual) as Record<string, Floats>,
        run,
        `inputs of [${dims.join(', ')}]`,
      ),
    );
  }
  await session.release();
  return problems;
}

/** Tensors as JSON has them, with their values in an array of float32 again. */
function revived(named: Readonly<Record<string, Floats>>): Record<string, Floats> {
  return Object.fromEntries(
    Object.entries(named).map(([name, { dims, data }]) => [name, floats(dims, data)]),
  );
}

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { matrixTolerance } from './matrixRun.ts';

/** The Python of tools/setup with onnx and onnxruntime, or null; CI fails without it. */
export function findCheckerPython(env: NodeJS.ProcessEnv): string | null {
  const python = env['ONDA_PYTHON'];
  if (python !== undefined && python !== '') return python;
  const text =
    'ONDA_PYTHON: expected a Python with onnx, onnxruntime and numpy, found none; run npm test, which sets it up';
  if (env['CI'] === 'true') throw new Error(text);
  console.warn(`left out: ${text}`);
  return null;
}

/** Runs onnx.checker and Python's ONNX Runtime over all files of a folder, in one process; what it said, the count last. */
export function checkInPython(python: string, folder: string): { code: number | null; lines: string[] } {
  const script = fileURLToPath(new URL('check_models.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [script, folder, String(matrixTolerance)], {
    encoding: 'utf8',
  });
  return { code: status, lines: `${stdout}${stderr}`.trim().split('\n') };
}

import { createRequire } from 'node:module';

/**
 * Puts `util.isNullOrUndefined` and `util.isArray` back where Node has dropped them (23 and later) or warns of them (22).
 * tfjs-node 4.22 calls both in nodejs_kernel_backend.js; its own fix (tensorflow/tfjs pull request 8425) was never
 * released.
 *
 * @param util the `node:util` module as CommonJS sees it; that object is the one that tfjs-node reads
 */
export function restoreUtilFunctions(
  util: Record<string, unknown> = createRequire(import.meta.url)('node:util') as Record<string, unknown>,
): void {
  util['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  util['isArray'] = Array.isArray;
}

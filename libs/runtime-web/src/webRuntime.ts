import type { Runtime } from '@onda/runtime';
import { serially } from './serially.ts';
import { setUpWasm, wasmBackendName } from './wasmBackend.ts';
import type { WasmOptions } from './wasmBackend.ts';
import { createWebSession } from './webSession.ts';

/** One for all runtimes of the realm: they share one WebAssembly instance. */
const queue = serially();

/**
 * A runtime on onnxruntime-web's WebAssembly build. It runs where there is WebAssembly: in a page, in a worker, in Node.
 * The WebAssembly file is loaded with the first session.
 *
 * @example
 *   const session = await createWebRuntime().createSession(bytes);
 *   const { y } = await session.run({ x, state_in });
 *
 * @throws ConfigError if an earlier call had other options, or threads are asked for that the page cannot have
 */
export function createWebRuntime(options: WasmOptions = {}): Runtime {
  setUpWasm(options);
  return {
    name: wasmBackendName(),
    createSession: (model) => createWebSession(model, queue),
  };
}

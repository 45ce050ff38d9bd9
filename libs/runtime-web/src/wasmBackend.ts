import * as ort from 'onnxruntime-web/wasm';
import { ConfigError } from '@onda/contract';

/** Where ONNX Runtime Web's WebAssembly file comes from, and how many threads it may use. */
export interface WasmOptions {
  /**
   * Address or bytes of `ort-wasm-simd-threaded.wasm`; in Node a `file:` URL will do. Left out: the file beside
   * onnxruntime-web's own module, which bundlers emit as an asset and Node finds in node_modules.
   */
  wasm?: string | URL | Uint8Array;
  /**
   * Threads of the WebAssembly instance, 1 when left out: nets of this size gain nothing from more. More need shared
   * memory, which a browser gives only to a page that is cross-origin isolated (COOP and COEP headers).
   */
  threads?: number;
}

/** What the one WebAssembly instance of this JavaScript realm was set up with; null until the first runtime. */
let settled: { wasm: string | Uint8Array | undefined; threads: number } | null = null;

/**
 * Sets up the one WebAssembly instance that all sessions of this page, worker or process share.
 *
 * @throws ConfigError if it was set up differently before, or threads are asked for that the page cannot have
 */
export function setUpWasm(options: WasmOptions): void {
  const wasm = options.wasm instanceof URL ? options.wasm.href : options.wasm;
  const threads = checkThreads(options.threads ?? 1);
  if (settled !== null) {
    if (settled.wasm === wasm && settled.threads === threads) return;
    throw new ConfigError(
      'createWebRuntime: expected the options of the first call, got others; ONNX Runtime Web has one WebAssembly instance a page or worker, so give every runtime the same options',
    );
  }
  settled = { wasm, threads };
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  if (wasm instanceof Uint8Array) ort.env.wasm.wasmBinary = wasm;
  else if (wasm !== undefined) ort.env.wasm.wasmPaths = { wasm };
}

function checkThreads(threads: number): number {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new ConfigError(
      `createWebRuntime: threads: expected a whole number from 1, got ${threads}; leave it out for 1`,
    );
  }
  if (threads > 1 && !(globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated) {
    throw new ConfigError(
      `createWebRuntime: threads: expected 1 where there is no cross-origin isolation, got ${threads}; serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or leave threads out`,
    );
  }
  return threads;
}

/** What it is, for people: `onnxruntime-web 1.30.0`. */
export function wasmBackendName(): string {
  return `onnxruntime-web ${ort.env.versions.web ?? 'of unknown version'}`;
}

import * as ort from 'onnxruntime-web/wasm';
import { ConfigError, MissingError, ModelError } from '@onda/contract';
import type { Runtime, RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import {
  checkFeeds,
  checkFetches,
  checkModelBytes,
  loadError,
  releasedError,
  runtimeTensor,
} from '@onda/runtime';

/** Shared by all runtimes of the realm, which share one WebAssembly instance. */
const queue = createSerialQueue();

/**
 * A runtime on onnxruntime-web's WebAssembly build, for pages, workers and Node. The WebAssembly file is loaded with the first session.
 *
 * @example
 *   const session = await createWebRuntime().createSession(bytes);
 *   const { y } = await session.run({ x, state_in });
 *
 * @throws ConfigError if an earlier call had other options, or threads are requested without cross-origin isolation
 */
export function createWebRuntime(options: WasmOptions = {}): Runtime {
  setUpWasm(options);
  return {
    name: wasmBackendName(),
    createSession: (model) => createWebSession(model, queue),
  };
}

/** Options of the WebAssembly instance of ONNX Runtime Web. */
export interface WasmOptions {
  /**
   * URL or bytes of `ort-wasm-simd-threaded.wasm`; in Node also a `file:` URL. Default: the file beside onnxruntime-web's module, which
   * bundlers emit as an asset and Node finds in node_modules.
   */
  wasm?: string | URL | Uint8Array;
  /**
   * Threads of the WebAssembly instance; default 1, since small nets gain nothing from more. More need shared memory, which browsers
   * provide only to cross-origin isolated pages (COOP and COEP headers).
   */
  threads?: number;
}

/** Options of the WebAssembly instance of this realm; null before the first runtime. */
let settled: { wasm: string | Uint8Array | undefined; threads: number } | null = null;

/**
 * Configures the WebAssembly instance that all sessions of this page, worker or process share.
 *
 * @throws ConfigError if it was configured differently before, or threads are requested without cross-origin isolation
 */
export function setUpWasm(options: WasmOptions): void {
  const wasm = options.wasm instanceof URL ? options.wasm.href : options.wasm;
  const threads = checkThreads(options.threads ?? 1);
  if (settled !== null) {
    if (settled.wasm === wasm && settled.threads === threads) return;
    throw new ConfigError(
      'createWebRuntime: expected the options of the first call, got others; ONNX Runtime Web has one WebAssembly instance per page or worker, so pass the same options to every runtime',
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
      `createWebRuntime: threads: expected a whole number of at least 1, got ${threads}; omit it for 1`,
    );
  }
  if (threads > 1 && !(globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated) {
    throw new ConfigError(
      `createWebRuntime: threads: expected 1 without cross-origin isolation, got ${threads}; serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or omit threads`,
    );
  }
  return threads;
}

/** Display name: `onnxruntime-web 1.30.0`. */
function wasmBackendName(): string {
  return `onnxruntime-web ${ort.env.versions.web ?? 'of unknown version'}`;
}

type Queue = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * Loads an ONNX file into the WebAssembly instance.
 *
 * @param queue serial queue shared by all sessions
 * @throws ModelError   if ONNX Runtime cannot load the bytes
 * @throws MissingError if the WebAssembly file itself cannot be loaded
 */
async function createWebSession(model: Uint8Array, queue: Queue): Promise<Session> {
  checkModelBytes(model);
  const session = await queue(() => load(model));
  const outputs = session.outputMetadata.map(tensorInfo);
  const inputs = session.inputMetadata.map(tensorInfo);
  let released = false;
  return {
    provider: 'wasm',
    inputs,
    outputs,
    async run(feeds, fetches) {
      if (released) throw releasedError();
      checkFeeds(inputs, feeds);
      checkFetches(outputs, fetches ?? []);
      const names = fetches ?? session.outputNames;
      const tensors = Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)]),
      );
      return queue(async () => {
        // ONNX Runtime Web returns a copy of each output, so the caller may keep and transfer it.
        const results = await runOnce(session, tensors, names);
        return Object.fromEntries(names.map((name) => [name, runtimeTensor(name, results[name])]));
      });
    },
    async release() {
      if (released) return;
      released = true;
      await queue(() => session.release());
    },
  };
}

async function load(model: Uint8Array): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  } catch (cause) {
    const text = reason(cause);
    if (!text.startsWith('no available backend found')) throw loadError(text);
    throw new MissingError(
      `onnxruntime-web: expected its WebAssembly file to load, got "${text}"; serve ort-wasm-simd-threaded.wasm at the URL of the wasm option of createWebRuntime`,
      { cause },
    );
  }
}

async function runOnce(
  session: ort.InferenceSession,
  inputs: Record<string, ort.Tensor>,
  names: readonly string[],
): Promise<ort.InferenceSession.OnnxValueMapType> {
  try {
    return await session.run(inputs, names);
  } catch (cause) {
    throw new ModelError(
      `model: expected a run to succeed, got "${reason(cause)}"; check the input tensors`,
      {
        cause,
      },
    );
  }
}

function tensorInfo(value: ort.InferenceSession.ValueMetadata): TensorInfo {
  return value.isTensor
    ? { name: value.name, type: value.type, shape: value.shape }
    : { name: value.name, type: 'not a tensor', shape: [] };
}

function toOrt(tensor: RuntimeTensor): ort.Tensor {
  // The constructor has one overload per type.
  return new ort.Tensor(tensor.type as 'float32', tensor.data as Float32Array, tensor.dims);
}

function reason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll('"', "'").replace(/\s+/g, ' ').replace(/\.$/, '');
}

/**
 * Creates a serial queue: each task starts when the previous one has settled.
 *
 * ONNX Runtime Web has one WebAssembly instance for all sessions and rejects concurrent runs ("Session already started").
 *
 * @returns a function that queues a task and returns its result
 */
export function createSerialQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    // Prevents an unhandled rejection of `last`; the caller handles `next`.
    last = next.catch(() => undefined);
    return next;
  };
}

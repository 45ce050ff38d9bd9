import {
  findBackend,
  getKernel,
  ready,
  registerKernel,
  setBackend,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import type { KernelConfig } from '@tensorflow/tfjs-core';
import { ConfigError } from '@onda/contract';
import { wasmKernels } from './wasmKernels.ts';
import type { WasmSource } from './wasmModule.ts';
import { WasmModule } from './wasmModule.ts';

export interface WasmBackend {
  name: 'wasm';
  /** Version of TF.js's `cpu` backend, which runs the other ops. */
  version: string;
}

let opened: { source: WasmSource | undefined; backend: Promise<WasmBackend> } | undefined;

/**
 * Registers the WebAssembly kernels for TF.js's `cpu` backend and makes it the current one. Runs in browsers, workers, Node, Bun and
 * Deno. Later calls only make the backend current.
 *
 * @param source kernels.wasm; default: the bytes in this package, which no bundler or server has to know. A runtime that forbids to
 *               compile bytes takes a compiled module.
 * @throws MissingError if the kernels cannot be loaded; ConfigError for a source other than that of an earlier call
 *
 * @example
 * await openWasmBackend();
 * const net = Net.create({ cell: 'lstm', units: 32, layers: 1, features: 1, outputs: 1 }, uniform);
 */
export async function openWasmBackend(source?: WasmSource): Promise<WasmBackend> {
  if (opened === undefined) {
    const first = { source, backend: register(source) };
    opened = first;
    first.backend.catch(() => {
      if (opened === first) opened = undefined;
    });
  } else if (source !== undefined && source !== opened.source) {
    throw new ConfigError(
      'openWasmBackend: expected the source of the first call, got another one; the kernels are loaded once',
    );
  }
  const backend = await opened.backend;
  await setBackend('cpu');
  await ready();
  return backend;
}

async function register(source: WasmSource | undefined): Promise<WasmBackend> {
  const [{ version_cpu: version }, module] = await Promise.all([
    import('@tensorflow/tfjs-backend-cpu'),
    WasmModule.load(source ?? (await ownBytes())),
  ]);
  // Suppresses the advert for tfjs-node that the first tensor prints.
  Object.assign(findBackend('cpu'), { firstUse: false });
  for (const kernel of wasmKernels(module)) {
    const before = getKernel(kernel.kernelName, 'cpu') as KernelConfig | undefined;
    if (before !== undefined) unregisterKernel(kernel.kernelName, 'cpu');
    registerKernel(kernel);
  }
  return { name: 'wasm', version };
}

async function ownBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const { kernelsBase64 } = await import('./kernelsBase64.ts');
  return Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, MissingError } from '@onda/contract';
import { WasmModule } from './wasmModule.ts';

const bytes = readFileSync(new URL('../kernels.wasm', import.meta.url));

describe('WasmModule.load', () => {
  const sources: [name: string, source: Parameters<typeof WasmModule.load>[0]][] = [
    ['bytes', bytes],
    ['a module', new WebAssembly.Module(bytes)],
    ['a response', new Response(bytes)],
    ['an address', `data:application/wasm;base64,${bytes.toString('base64')}`],
    ['a URL', new URL(`data:application/wasm;base64,${bytes.toString('base64')}`)],
  ];
  it.each(sources)('takes %s', async (_, source) => {
    const module = await WasmModule.load(source);
    expect(module.allocate(4, 'test')).toBeGreaterThan(0);
  });

  it('rejects other bytes, another module, and a response without them', async () => {
    await expect(WasmModule.load(Uint8Array.of(1, 2, 3, 4))).rejects.toThrow(MissingError);
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    await expect(WasmModule.load(empty)).rejects.toThrow(
      new ConfigError(
        'WebAssembly kernels: expected the module kernels.wasm of @onda/kernels, got another one; pass its bytes or address',
      ),
    );
    await expect(WasmModule.load(new Response('', { status: 404 }))).rejects.toThrow(
      'WebAssembly kernels: expected kernels.wasm at , got status 404; correct the address or pass the bytes',
    );
    await expect(WasmModule.load('nowhere:kernels.wasm')).rejects.toThrow(
      /^WebAssembly kernels: expected kernels.wasm at nowhere:kernels.wasm, but it cannot be fetched \(/,
    );
  });
});

describe(WasmModule, () => {
  it('keeps its views up to date when the memory grows', async () => {
    const module = await WasmModule.load(bytes);
    const address = module.allocate(16, 'test');
    module.floats.set([1, 2, 3], address >>> 2);
    const before = module.floats;
    module.allocate(64 * 2 ** 20, 'test');
    expect(before).toHaveLength(0);
    expect(Array.from(module.floats.subarray(address >>> 2, (address >>> 2) + 3))).toEqual([1, 2, 3]);
    expect(module.words.buffer).toBe(module.floats.buffer);
  });

  it('says what needed how much memory when it cannot grow', async () => {
    const module = await WasmModule.load(bytes);
    expect(() => module.allocate(3 * 2 ** 30, 'lstm reserve')).toThrow(
      new MissingError(
        'lstm reserve: expected 3072 MiB of memory, but WebAssembly has 1 MiB and cannot grow further; use a smaller batch or fewer samples per chunk',
      ),
    );
    expect(module.allocate(16, 'test')).toBeGreaterThan(0);
  });
});

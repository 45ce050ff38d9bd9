import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MissingError } from '@onda/contract';
import { createWebRuntime, setUpWasm } from './webRuntime.ts';

const model = readFileSync(new URL('../../../examples/models/lagged-sine/1/model.onnx', import.meta.url));

// A separate file: the WebAssembly instance of this process never loads.
describe(setUpWasm, () => {
  it('says what is missing when the WebAssembly file is not at its address', async () => {
    const runtime = createWebRuntime({ wasm: new URL('missing.wasm', import.meta.url) });
    const failure = runtime.createSession(model);
    await expect(failure).rejects.toThrow(MissingError);
    await expect(failure).rejects.toThrow(
      'onnxruntime-web: expected its WebAssembly file to load, got "no available backend found. ERR: [wasm] RuntimeError: Aborted(both async and sync fetching of the wasm failed). Build with -sASSERTIONS for more info"; serve ort-wasm-simd-threaded.wasm at the URL of the wasm option of createWebRuntime',
    );
  });
});

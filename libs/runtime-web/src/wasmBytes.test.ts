import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { createWebRuntime, setUpWasm } from './webRuntime.ts';

const wasmFile = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm');
const model = readFileSync(new URL('../../../examples/models/lagged-sine/1/model.onnx', import.meta.url));

// A separate file: the WebAssembly instance is configured once per process.
describe(setUpWasm, () => {
  it('takes the bytes of the WebAssembly file', async () => {
    const session = await createWebRuntime({ wasm: readFileSync(wasmFile) }).createSession(model);
    expect(session.outputs.map((output) => output.name)).toEqual(['y', 'state_out']);
  });
});

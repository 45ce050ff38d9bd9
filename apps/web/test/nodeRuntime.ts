import { readFile } from 'node:fs/promises';
// Tests compare the values in the browser with ONNX Runtime in Node; only they may import it.
// eslint-disable-next-line @nx/enforce-module-boundaries
import * as ort from 'onnxruntime-node';
import type { RuntimeTensor } from '@onda/runtime';

const folder = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);

/** Bytes of a file of the example model. */
export function exampleFile(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(new URL(file, folder));
}

/** One run of a file of the example model in onnxruntime-node, all outputs. */
export async function runInNode(
  file: string,
  feeds: Readonly<Record<string, RuntimeTensor>>,
): Promise<Record<string, Float32Array>> {
  return runFileInNode(await exampleFile(file), feeds);
}

/** One run of an ONNX file in onnxruntime-node, all outputs. */
export async function runFileInNode(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, RuntimeTensor>>,
): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(bytes);
  const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
    name,
    new ort.Tensor(type as 'float32', data as Float32Array, dims),
  ]);
  const results = await session.run(Object.fromEntries(tensors) as Record<string, ort.Tensor>);
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

/** Closed-loop values of the example model after a prompt, in onnxruntime-node. */
export async function generateInNode(prompt: readonly number[], samples: number): Promise<Float32Array> {
  const { y } = await runInNode('generator.onnx', {
    x: { type: 'float32', dims: [1, prompt.length, 1], data: Float32Array.from(prompt) },
    state_in: { type: 'float32', dims: [1, 32], data: new Float32Array(32) },
    samples: { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(samples)) },
  });
  return y;
}

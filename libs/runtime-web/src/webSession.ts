import * as ort from 'onnxruntime-web/wasm';
import { MissingError, ModelError } from '@onda/contract';
import {
  checkFeeds,
  checkFetches,
  checkModelBytes,
  loadError,
  releasedError,
  runtimeTensor,
} from '@onda/runtime';
import type { RuntimeTensor, Session, TensorInfo } from '@onda/runtime';

type Queue = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * Loads an ONNX file into the WebAssembly instance.
 *
 * @param queue runs one task at a time; the same for all sessions
 * @throws ModelError   if ONNX Runtime cannot load the bytes
 * @throws MissingError if the WebAssembly file itself cannot be loaded
 */
export async function createWebSession(model: Uint8Array, queue: Queue): Promise<Session> {
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
        // ONNX Runtime Web hands out its own copy of each output, so the caller may keep and transfer it.
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
      `onnxruntime-web: expected its WebAssembly file to load, got "${text}"; serve ort-wasm-simd-threaded.wasm where createWebRuntime looks for it`,
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
      `model: expected a run to succeed, got "${reason(cause)}"; check the tensors that were fed`,
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
  // One of many types, and its data is of that type: the constructor's overloads want each by itself.
  return new ort.Tensor(tensor.type as 'float32', tensor.data as Float32Array, tensor.dims);
}

function reason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll('"', "'").replace(/\s+/g, ' ').replace(/\.$/, '');
}

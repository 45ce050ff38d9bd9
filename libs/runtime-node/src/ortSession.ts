import {
  checkFeeds,
  checkFetches,
  checkModelBytes,
  loadError,
  releasedError,
  runtimeTensor,
} from '@onda/runtime';
import type { RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import { isTensorType, MemoryError, ModelError, RunError } from '@onda/contract';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { Provider } from './provider.ts';

export interface OrtOptions {
  /** Intra-op threads; default 1, because small recurrent nets are slower with more (onnxruntime issue 16304). */
  threads?: number;
  /** CUDA device, from 0. */
  deviceId?: number;
}

/**
 * Loads a model from memory, so that no external path reaches ONNX Runtime.
 *
 * @throws ModelError if ONNX Runtime cannot load the bytes; errors of a provider are thrown unchanged
 */
export async function createOrtSession(
  model: Uint8Array,
  provider: Provider,
  options: OrtOptions,
): Promise<Session> {
  checkModelBytes(model);
  const native = await load(model, provider, options);
  return new OrtSession(native, provider);
}

async function load(model: Uint8Array, provider: Provider, options: OrtOptions): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      executionProviders:
        provider === 'cuda' ? [{ name: 'cuda', deviceId: options.deviceId ?? 0 }, 'cpu'] : ['cpu'],
      intraOpNumThreads: options.threads ?? 1,
      interOpNumThreads: 1,
      // ONNX Runtime writes to stderr; its errors are thrown as well.
      logSeverityLevel: FATAL,
    });
  } catch (error) {
    // On CUDA the caller tries the CPU to distinguish a bad file from a failing provider.
    if (provider === 'cuda') throw error;
    throw loadError(error);
  }
}

class OrtSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: Provider;
  readonly #native: InferenceSession;
  readonly #outputNames: readonly string[];
  #released = false;

  constructor(native: InferenceSession, provider: Provider) {
    this.#native = native;
    this.#outputNames = native.outputNames;
    this.inputs = native.inputMetadata.map(tensorInfo);
    this.outputs = native.outputMetadata.map(tensorInfo);
    this.provider = provider;
  }

  async run(
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[] = this.#outputNames,
  ): Promise<Record<string, RuntimeTensor>> {
    if (this.#released) throw releasedError();
    checkFeeds(this.inputs, feeds);
    checkFetches(this.outputs, fetches);
    const nativeFeeds: Record<string, Tensor> = {};
    for (const name of Object.keys(feeds)) {
      const { type, data, dims } = feeds[name];
      // The constructor has one overload per type.
      nativeFeeds[name] = new Tensor(type as 'float32', data as Float32Array, dims);
    }
    const results = await this.#native.run(nativeFeeds, fetches).catch(runFailed);
    const outputs: Record<string, RuntimeTensor> = {};
    for (const name of fetches) outputs[name] = runtimeTensor(name, results[name]);
    return outputs;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#native.release();
  }
}

/** ONNX Runtime's log level of errors that end the process. */
const FATAL = 4;

// The default logger, for messages outside of a session. Read when the first session of this thread is created.
env.logLevel = 'fatal';

function runFailed(cause: unknown): never {
  const reason = runReason(cause instanceof Error ? cause.message : String(cause));
  if (/allocate memory|bad_alloc|out of memory/i.test(reason)) {
    throw new MemoryError(`the model did not run: ${reason}; send fewer values at a time`, { cause });
  }
  throw new RunError(`the model did not run: ${reason}; correct the values or shapes of the inputs`, {
    cause,
  });
}

/**
 * The reason in a message of ONNX Runtime, without the place in its sources:
 * `Non-zero status code returned while running Reshape node. Name:'r' Status Message: /onnxruntime_src/.../reshape_helper.h:45
 * onnxruntime::ReshapeHelper::ReshapeHelper(...) input_shape_size == size was false. The input tensor cannot be ...`.
 */
function runReason(message: string): string {
  const [line] = message.split('\n', 1);
  const [, node = '', status = line] = /running (\w+) node\..*?Status Message: (.*)$/.exec(line) ?? [];
  const check = / was (?:false|true)\. (?=\S)/.exec(status);
  const text = check ? status.slice(check.index + check[0].length) : status.replace(/^\/\S+:\d+ /, '');
  return `${node === '' ? '' : `${node}: `}${text.trim().replace(/[.;]$/, '')}`;
}

function tensorInfo(info: InferenceSession.ValueMetadata): TensorInfo {
  if (!info.isTensor) {
    throw new ModelError(
      `the model cannot be used: "${info.name}" is not a tensor; export it with tensors as inputs and outputs`,
    );
  }
  if (!isTensorType(info.type)) {
    throw new ModelError(
      `the model cannot be used: "${info.name}" is of type ${info.type}; export it with a float, integer, bool or string type`,
    );
  }
  return { name: info.name, type: info.type, shape: info.shape };
}

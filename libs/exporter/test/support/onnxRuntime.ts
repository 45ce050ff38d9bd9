import type { Model } from '@onda/onnx';
import { writeModel } from '@onda/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** A float32 tensor's dims and values. */
export interface Floats {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** A model in ONNX Runtime on the CPU, one thread. */
export class LoadedModel {
  readonly session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.session = session;
  }

  static async of(model: Model): Promise<LoadedModel> {
    const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, logSeverityLevel: 4 as const };
    return new LoadedModel(await InferenceSession.create(writeModel(model), options));
  }

  async run(
    feeds: Readonly<Record<string, Floats | bigint | readonly bigint[]>>,
  ): Promise<Record<string, Floats>> {
    const tensors = Object.entries(feeds).map(([name, value]) => [
      name,
      typeof value === 'object' && 'data' in value
        ? new Tensor('float32', value.data, value.dims)
        : new Tensor('int64', BigInt64Array.from([value].flat())),
    ]);
    const results = await this.session.run(Object.fromEntries(tensors) as Record<string, Tensor>);
    return Object.fromEntries(
      Object.entries(results).map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array }]),
    );
  }
}

export function floats(dims: readonly number[], values: Iterable<number>): Floats {
  return { dims, data: Float32Array.from(values) };
}

/** The largest absolute difference. */
export function difference(actual: Float32Array, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  return actual.reduce((most, value, index) => Math.max(most, Math.abs(value - expected[index])), 0);
}

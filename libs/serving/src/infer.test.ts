import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import type { InferRequest } from '@onda/protocol';
import { describe, expect, it } from 'vitest';
import { runInfer } from './infer.ts';
import { defaultRules } from './models/configOptions.ts';
import type { ModelRepository } from './models/modelRepository.ts';
import type { ServedModel } from './models/servedModel.ts';

const tensor = { type: 'float32' as const, dims: [1, 1, 1], data: Float32Array.of(0.5) };
const spec = (name: string): { name: string; type: 'float32'; shape: ('batch' | 1)[] } => ({
  name,
  type: 'float32',
  shape: ['batch', 1, 1],
});

/** What a request without a sequence needs of its model. */
const model = {
  name: 'm',
  version: '1',
  schedule: defaultRules,
  signature: { inputs: [spec('x')], outputs: [spec('y')], states: [], controls: [], maxRows: 8, width: 1 },
  batcher: { run: () => Promise.resolve({ y: tensor }) },
} as unknown as ServedModel;

function request(): InferRequest {
  return {
    id: undefined,
    inputs: [{ name: 'x', tensor }],
    outputs: [{ name: 'y', binary: false }],
    binary: false,
    sequence: undefined,
    raw: undefined,
    schedule: { priority: 0, timeoutMs: undefined },
  };
}

const repository = { serves: () => true } as unknown as ModelRepository;

const answer = (): ReturnType<typeof runInfer> =>
  runInfer(repository, model, {
    model: 'm',
    version: undefined,
    client: undefined,
    decode: request,
    isGone: () => false,
  });

/** Whether V8 has one hidden class for both. */
function haveSameClass(a: unknown, b: unknown): boolean {
  setFlagsFromString('--allow-natives-syntax');
  const compare = runInThisContext('(a, b) => %HaveSameMap(a, b)') as (a: unknown, b: unknown) => boolean;
  const same = compare(a, b);
  setFlagsFromString('--no-allow-natives-syntax');
  return same;
}

describe(runInfer, () => {
  it('returns the requested outputs', async () => {
    expect(await answer()).toEqual({
      modelName: 'm',
      modelVersion: '1',
      id: undefined,
      parameters: undefined,
      outputs: [{ name: 'y', binary: false, tensor }],
    });
  });

  it('gives all responses one hidden class once compiled, since each further class is a kilobyte of garbage', async () => {
    for (let run = 0; run < 30_000; run++) await answer();
    const [first, second] = [await answer(), await answer()];
    expect(haveSameClass(first, second)).toBe(true);
    expect(haveSameClass(first.outputs[0], second.outputs[0])).toBe(true);
  });
});

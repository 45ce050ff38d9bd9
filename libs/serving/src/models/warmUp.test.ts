import { ResultError } from '@onda/contract';
import type { Session } from '@onda/runtime';
import { WorkerError } from '@onda/runtime-node';
import { describe, expect, it } from 'vitest';
import type { ModelSignature } from './modelSignature.ts';
import { parseConfig } from './tritonConfig.ts';
import { warmUp } from './warmUp.ts';

const spec = (name: string): ModelSignature['inputs'][number] => ({ name, type: 'int32', shape: ['batch', 1] });
const signature: ModelSignature = {
  inputs: [spec('x')],
  outputs: [spec('y')],
  states: [],
  controls: [],
  maxRows: 8,
  width: 1,
};

/** A model that divides by its input. */
function divider(fed: number[]): Session {
  return {
    inputs: signature.inputs,
    outputs: signature.outputs,
    provider: 'fake',
    run: ({ x }) => {
      fed.push(x.dims[0]);
      const isZero = (x.data as Int32Array).some((value) => value === 0);
      if (isZero) return Promise.reject(new ResultError('integer division by zero'));
      return Promise.resolve({ y: x });
    },
    release: () => Promise.resolve(),
  };
}

const configOf = (text: string): ReturnType<typeof parseConfig> =>
  parseConfig(new TextEncoder().encode(text), 'config.pbtxt');

describe(warmUp, () => {
  it('warns of a model that fails on zeros', async () => {
    const fed: number[] = [];
    expect(await warmUp(divider(fed), signature, { config: null, data: new Map() }, 'm/1')).toEqual([
      'm/1: the first run with zeros failed (integer division by zero); the model is served, set model_warmup in config.pbtxt to check it with valid values',
    ]);
    expect(fed).toEqual([1]);
  });

  it('runs model_warmup in place of zeros, and rejects a model that fails on it', async () => {
    const fed: number[] = [];
    const one = { bytes: new Uint8Array(Int32Array.of(1).buffer), sha256: '' };
    const config = configOf(
      'model_warmup { name: "w" batch_size: 2 inputs { key: "x" value { data_type: TYPE_INT32 dims: 1 input_data_file: "x" } } }',
    );
    const data = new Map([['warmup/x', one]]);
    expect(await warmUp(divider(fed), signature, { config, data }, 'm/1')).toEqual([]);
    expect(fed).toEqual([2]);
    const zeros = configOf(
      'model_warmup { name: "w" inputs { key: "x" value { data_type: TYPE_INT32 dims: 1 zero_data: true } } }',
    );
    await expect(warmUp(divider(fed), signature, { config: zeros, data }, 'm/1')).rejects.toThrow(
      'm/1: model_warmup "w": integer division by zero',
    );
  });

  it('rejects a model that ends the worker', async () => {
    const session = { ...divider([]), run: () => Promise.reject(new WorkerError('the worker ended')) };
    await expect(warmUp(session, signature, { config: null, data: new Map() }, 'm/1')).rejects.toThrow(
      'the worker ended',
    );
  });
});

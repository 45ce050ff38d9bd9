import { ModelError } from '@onda/contract';
import { expect } from 'vitest';
import type { RuntimeTests } from './fixture.ts';

/** Bytes that are no model: a sentence, not a crash, and the runtime goes on. */
export const damagedBytesTests: RuntimeTests = {
  'refuses a file that was cut short': async ({ runtime, modelBytes }) => {
    await expect(runtime.createSession(modelBytes.slice(0, modelBytes.length >> 1))).rejects.toThrow(
      ModelError,
    );
  },
  'refuses bytes that are not ONNX, and none at all': async ({ runtime }) => {
    const text = new TextEncoder().encode('this is not a model');
    await expect(runtime.createSession(text)).rejects.toThrow(
      /^the model cannot be loaded: .*; export or copy it again$/,
    );
    await expect(runtime.createSession(new Uint8Array(0))).rejects.toThrow(
      'the model cannot be loaded: the file is empty; export or copy it again',
    );
  },
  'loads a good model after a damaged one': async ({ runtime, modelBytes }) => {
    await expect(runtime.createSession(modelBytes.slice(10))).rejects.toThrow(ModelError);
    const session = await runtime.createSession(modelBytes);
    expect(session.inputs).toHaveLength(2);
    await session.release();
  },
};

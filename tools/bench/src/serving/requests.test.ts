import { describe, expect, it } from 'vitest';
import { FrameReader, frameOf, inferenceService, readAnswer } from './requests.ts';

const { responseSerialize } = inferenceService()['ModelStreamInfer'];
const answer = (message: object): Buffer => responseSerialize(message);

describe(FrameReader, () => {
  it('splits bytes into messages, however they arrive', () => {
    const messages = ['a', '', 'x'.repeat(300)].map((text) => Buffer.from(text));
    const bytes = Buffer.concat(messages.map(frameOf));
    for (const size of [1, 4, 7, 1000]) {
      const reader = new FrameReader();
      const found: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size)
        found.push(...reader.read(bytes.subarray(at, at + size)));
      expect(found.map(String)).toEqual(messages.map(String));
    }
  });
});

describe(readAnswer, () => {
  const infer_response = { model_name: 'n'.repeat(200), model_version: '1', id: '17', outputs: [] };

  it('finds the id after other fields', () => {
    expect(readAnswer(answer({ infer_response }))).toEqual({ id: '17', failed: false });
    expect(readAnswer(answer({ error_message: '', infer_response }))).toEqual({ id: '17', failed: false });
  });

  it('reports an error', () => {
    expect(readAnswer(answer({ error_message: 'no', infer_response }))).toEqual({ id: '17', failed: true });
  });

  it('reports failed sequences', () => {
    const parameters = { sequence_failed: { int64_param: 1 } };
    const response = answer({ infer_response: { ...infer_response, parameters } });
    expect(readAnswer(response)).toEqual({ id: '17', failed: true });
  });
});

import { typedArrays } from '@onda/contract';
import type { RuntimeTensor } from '@onda/runtime';
import type { Floats, Subject } from './subject.ts';

/** The feeds in the types that the file takes: whole numbers for words of a whole type. */
export function typedFeeds({ inputs }: Subject, feeds: Floats): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    inputs.map(({ name, type }): [string, RuntimeTensor] => {
      const { dims, data } = feeds[name];
      return [name, type === 'int32' ? { type, dims, data: typedArrays.int32.from(data) } : feeds[name]];
    }),
  );
}

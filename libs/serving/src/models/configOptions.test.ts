import { describe, expect, it } from 'vitest';
import type { ModelOptions } from '../servedModel.ts';
import { parseConfig } from './config/parseConfig.ts';
import { configOptions } from './configOptions.ts';

const common = {
  batching: { maxRows: 256, maxValues: 1000, delayUs: 0, maxWaiting: 10 },
  sequences: { most: 100, idleMs: 60_000, ageMs: 600_000 },
} as ModelOptions;

describe(configOptions, () => {
  it('takes 0 sequences and no idle time for none given, as Triton does', () => {
    const sequences = (text: string): ModelOptions['sequences'] =>
      configOptions(common, parseConfig(new TextEncoder().encode(text), 'config.pbtxt'), null).sequences;
    expect(
      sequences(
        'sequence_batching { max_sequence_idle_microseconds: 0 oldest { max_candidate_sequences: 0 } }',
      ),
    ).toMatchObject({ most: 100, idleMs: 60_000 });
    expect(
      sequences(
        'sequence_batching { max_sequence_idle_microseconds: 5000000 oldest { max_candidate_sequences: 7 } }',
      ),
    ).toMatchObject({ most: 7, idleMs: 5000 });
  });
});

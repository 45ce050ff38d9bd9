import { describe, expect, it } from 'vitest';
import { readSequence } from './requestParameters.ts';
import type { Parameters } from './requestParameters.ts';

describe(readSequence, () => {
  it.each<[parameters: Parameters]>([
    [{}],
    [{ sequence_id: 0, sequence_start: false, sequence_end: false }],
    [{ sequence_id: '' }],
  ])('finds no sequence in %j', (parameters) => {
    expect(readSequence(parameters)).toBeUndefined();
  });

  it('takes a number for its text', () => {
    expect(readSequence({ sequence_id: 7, sequence_start: true })).toEqual({
      id: '7',
      start: true,
      end: false,
      step: undefined,
    });
    expect(readSequence({ sequence_id: '7', sequence_end: true, sequence_step: 3 })).toEqual({
      id: '7',
      start: false,
      end: true,
      step: 3,
    });
  });

  it.each<[parameters: Parameters, error: string]>([
    [
      { sequence_start: true },
      'sequence_id: expected a number from 1 or a string with the other sequence parameters, got none; name the sequence',
    ],
    [
      { sequence_id: 2 ** 53 },
      'sequence_id: expected a whole number up to 2^53 - 1, or a string of at most 128 characters, got 9007199254740992; send larger numbers as strings',
    ],
    [
      { sequence_id: -1 },
      'sequence_id: expected a whole number up to 2^53 - 1, or a string of at most 128 characters, got -1; send larger numbers as strings',
    ],
    [
      { sequence_id: 'x'.repeat(129) },
      `sequence_id: expected a whole number up to 2^53 - 1, or a string of at most 128 characters, got "${'x'.repeat(36)}...; send larger numbers as strings`,
    ],
    [
      { sequence_id: 'half \ud83d' },
      'sequence_id: expected a whole number up to 2^53 - 1, or a string of at most 128 characters, got "half \\ud83d"; send larger numbers as strings',
    ],
    [{ sequence_id: 1, sequence_start: 1 }, 'sequence_start: expected true or false, got 1; correct it'],
    [
      { sequence_id: 1, sequence_step: 0 },
      'sequence_step: expected a whole number from 1, got 0; count the steps of the sequence',
    ],
    [
      { sequence_id: 1, sequence_step: 2, sequence_start: true },
      'sequence_step: expected 1 with sequence_start, got 2; leave one of them out',
    ],
  ])('refuses %j', (parameters, error) => {
    expect(() => readSequence(parameters)).toThrow(`parameters: ${error}`);
  });
});

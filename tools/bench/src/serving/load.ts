import { ConfigError } from '@onda/contract';

/**
 * How requests come: over which transport, in which form, over how many connections at a time. `sequences` and `steps` are steps of so
 * many sequences whose state the service keeps, over streams: many in a message, or each in one of its own.
 */
export interface Load {
  name: string;
  form: 'http-json' | 'http-binary' | 'grpc' | 'sequences' | 'steps';
  /** Or sequences. */
  connections: number;
}

const forms = ['http-json', 'http-binary', 'grpc'] as const;

/** What is measured by itself: every form at 1, 16 and 64 connections, and 1, 100 and 1000 sequences in both forms. */
export const usualLoads: readonly string[] = [
  ...forms.flatMap((form) => [1, 16, 64].map((connections) => `${form}-${connections}`)),
  ...['sequences', 'steps'].flatMap((form) => [1, 100, 1000].map((count) => `${form}-${count}`)),
];

/** Whether its rate is steps of live sequences a second. */
export function isStepped({ form }: Load): boolean {
  return form === 'sequences' || form === 'steps';
}

/** @throws ConfigError for a name that is no load */
export function parseLoad(name: string): Load {
  const match = /^(http-json|http-binary|grpc|sequences|steps)-([1-9][0-9]{0,3})$/.exec(name);
  if (match === null) {
    throw new ConfigError(
      `--works: expected loads such as http-json-16, grpc-64, sequences-1000 or steps-1000, got ${JSON.stringify(name)}; correct the name`,
    );
  }
  return { name, form: match[1] as Load['form'], connections: Number(match[2]) };
}

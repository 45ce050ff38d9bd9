import { ConfigError } from '@onda/contract';

/** How requests come: over which transport, in which form, over how many connections at a time. */
export interface Load {
  name: string;
  form: 'http-json' | 'http-binary' | 'grpc';
  connections: number;
}

const forms = ['http-json', 'http-binary', 'grpc'] as const;

/** What is measured by itself: every form at 1, 16 and 64 connections. */
export const usualLoads: readonly string[] = forms.flatMap((form) =>
  [1, 16, 64].map((connections) => `${form}-${connections}`),
);

/** @throws ConfigError for a name that is no load */
export function parseLoad(name: string): Load {
  const match = /^(http-json|http-binary|grpc)-([1-9][0-9]{0,3})$/.exec(name);
  if (match === null) {
    throw new ConfigError(
      `--works: expected loads such as http-json-16, http-binary-1 or grpc-64, got ${JSON.stringify(name)}; correct the name`,
    );
  }
  return { name, form: match[1] as Load['form'], connections: Number(match[2]) };
}

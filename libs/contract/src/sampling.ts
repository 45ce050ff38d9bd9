// Apart from its schema, so that who only draws does not load zod.

/** What `samplingSchema` takes, in words that need no zod: the published exporter's types hold it. */
export type Sampling =
  | {
      kind: 'categorical';
      from: 'probabilities' | 'logits';
      temperature: number;
      source: 'seed' | 'noise';
    }
  | { kind: 'gaussian'; source: 'seed' | 'noise' }
  | { kind: 'quantile'; levels: number[]; source: 'seed' | 'noise' };

/** How many blocks of the fed features an output has. */
export function samplingBlocks(sampling: Sampling | null): number {
  if (sampling?.kind === 'gaussian') return 2;
  return sampling?.kind === 'quantile' ? sampling.levels.length : 1;
}

/** Whether a sampling draws at all: the likeliest class needs no draw. */
export function drawsAny(sampling: Sampling | null): sampling is Sampling {
  return sampling !== null && !(sampling.kind === 'categorical' && sampling.temperature === 0);
}

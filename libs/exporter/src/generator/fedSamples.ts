import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';

/**
 * How many samples a loop with lag 1 feeds: one less than it puts out, since the prompt's own last output is the first.
 *
 * @param samples wanted, int64 [1]
 * @returns `fed` int64 [1], and whether there is any, bool [1]: a Scan cannot run over none
 */
export function fedSamples(builder: GraphBuilder, samples: Value): { fed: Value; more: Value } {
  const fed = builder.single('loop/fed', 'Sub', [samples, builder.integers([1])], {
    shape: [1],
    type: 'int64',
  });
  const more = builder.single('loop/more', 'Greater', [fed, builder.integers([0])], {
    shape: [1],
    type: 'bool',
  });
  return { fed, more };
}

import type { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { Value } from '../../graph/value.ts';
import { convertTopology } from '../../model/convertTopology.ts';
import { HeldStates } from '../../model/keptStates.ts';
import { noStates } from '../../model/stateKeeper.ts';
import type { GeneratorPlan } from './generatorPlan.ts';

/** What a pass gives. */
export interface ModelRun {
  /** [batch, time, outputs]; of a model that puts out the last sample alone, and of a window, time is 1. */
  readonly raw: Value;
  /** Each [1, batch, units]. */
  readonly states: readonly Value[];
}

/**
 * Adds the model's own nodes over a piece of a sequence, or over a window.
 *
 * @param x      batch-major, [batch, time, features] or [batch, time]
 * @param states of a stream before the piece, each [1, batch, units]
 */
export function modelPass(
  builder: GraphBuilder,
  plan: GeneratorPlan,
  x: Value,
  states: readonly Value[],
): ModelRun {
  const { topology, way, rows, lastOnly } = plan;
  const held = new HeldStates(rows, states);
  const stream = way.kind === 'stream';
  const input = { value: x, mask: null, stream: stream ? ('samples' as const) : ('fixed' as const) };
  const [{ value }] = convertTopology({ builder, ...plan, states: stream ? held : noStates }, topology, [
    input,
  ]);
  const output = builder.inLayout(value, false);
  const after = stream ? held.after() : [];
  if (!lastOnly) return { raw: output, states: after };
  const [batch, outputs] = output.shape;
  const raw = builder.single('loop/raw', 'Unsqueeze', [output, builder.integers([1])], {
    shape: [batch, 1, outputs],
  });
  return { raw, states: after };
}

import type { Sampling, Scaler } from '@onda/contract';
import { drawsAny, seedDim, tensorNames } from '@onda/contract';
import type { Graph } from '@onda/onnx';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import { convertTopology } from '../model/convertModel.ts';
import { emitScale, emitUnscale } from '../model/scaling.ts';
import type { StateLayout } from '../model/states.ts';
import {
  CarriedStates,
  noStates,
  outputStates,
  stateInputs,
  stateParts,
  stateTensors,
} from '../model/states.ts';
import type { GeneratorPlan } from './generatorPlan.ts';
import type { ModelLoopStart, ModelRun } from './modelLoops.ts';
import { streamLoop, windowLoop } from './modelLoops.ts';
import { drawEntries, drawHead, emitUniforms } from './sampling.ts';

interface GeneratorGraphOptions {
  readonly lag: number;
  readonly scaler: Scaler;
  readonly sampling: Sampling | null;
}

/**
 * The generator graph of any model, with the model's own nodes.
 *
 *   x [batch, time, features] or words [batch, time]; state inputs of the layout, if any; samples int64 [1];
 *   for sampling: seed int64 [1], or [2] with the number of samples drawn before, or noise float32 [batch, samples, width]
 *     ->  y [batch, samples, features] or [batch, samples], state_out
 *
 * The loop runs in scaled units; the prompt and the values are scaled once.
 *
 * @param layout of the states of a stream; null for none
 */
export function modelGeneratorGraph(
  plan: GeneratorPlan,
  layout: StateLayout | null,
  { lag, scaler, sampling }: GeneratorGraphOptions,
): Graph {
  const { topology, form, way } = plan;
  const states = layout === null ? [] : stateTensors(layout);
  const builder = new GraphBuilder(topology.name, [
    tensorNames.output,
    ...states.map(({ output }) => output),
  ]);
  const x =
    'words' in form
      ? builder.input(tensorNames.input, form.words, ['batch', 'time'])
      : builder.input(tensorNames.input, 'float32', ['batch', 'time', form.features]);
  const before = layout === null ? [] : stateParts(builder, layout, stateInputs(builder, layout));
  const samples = builder.input(tensorNames.samples, 'int64', [1]);
  const start: ModelLoopStart = {
    lag,
    samples,
    entries: entriesOf(builder, plan, sampling, lag, x, samples),
    pass: (inner, piece, given) => modelPass(inner, plan, piece, given),
    head: (inner, raw, entry) => drawHead(inner, sampling, form, raw, entry),
  };
  const scaled = emitScale(builder, x, scaler);
  const run =
    way.kind === 'window'
      ? { y: windowLoop(builder, start, way.window, scaled), states: [] }
      : streamLoop(builder, start, modelPass(builder, plan, scaled, before));
  builder.output(tensorNames.output, emitUnscale(builder, run.y, scaler));
  if (layout !== null) outputStates(builder, layout, run.states);
  return builder.build();
}

/** Draws of all samples, at least `lag` of them: the prompt's last `lag` outputs are drawn from at once. */
function entriesOf(
  builder: GraphBuilder,
  { form, outputs, way }: GeneratorPlan,
  sampling: Sampling | null,
  lag: number,
  x: Value,
  samples: Value,
): Value | null {
  if (!drawsAny(sampling)) return null;
  const width = sampling.kind === 'categorical' || !('features' in form) ? outputs : form.features;
  if (sampling.source === 'noise') {
    const noise = builder.input(tensorNames.noise, 'float32', ['batch', 'samples', width]);
    return drawEntries(builder, sampling, { noise: builder.inLayout(noise, true) });
  }
  const int64 = { shape: [1], type: 'int64' as const };
  const seed = builder.input(tensorNames.seed, 'int64', [seedDim]);
  const sizes = builder.single('draws/x_shape', 'Shape', [x], { shape: [x.shape.length], type: 'int64' });
  const batch = builder.single('draws/batch', 'Gather', [sizes, builder.integers([0])], int64);
  const least = builder.integers([way.kind === 'stream' ? lag : 0]);
  const count = builder.single('draws/count', 'Max', [samples, least], int64);
  return drawEntries(builder, sampling, { uniforms: emitUniforms(builder, seed, count, batch, width) });
}

/**
 * Adds the model's own nodes over a piece of a sequence, or over a window.
 *
 * @param x      batch-major, [batch, time, features] or [batch, time]
 * @param states of a stream before the piece, each [1, batch, units]
 */
function modelPass(builder: GraphBuilder, plan: GeneratorPlan, x: Value, states: readonly Value[]): ModelRun {
  const { topology, way, rows, lastOnly } = plan;
  const held = new CarriedStates(rows, states);
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

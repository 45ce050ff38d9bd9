import type { Sampling, StateRow } from '@onda/contract';
import { samplingBlocks } from '@onda/contract';
import type { Topology } from '../artifacts/topology.ts';
import type { Weight } from '../artifacts/weights.ts';
import { UnsupportedError } from '../errors.ts';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Dim } from '../graph/value.ts';
import type { Signal } from '../model/timing.ts';
import { convertTopology } from '../model/convertModel.ts';
import type { ModelPlan } from '../model/exportModel.ts';
import { StateRecorder, noStates } from '../model/states.ts';
import { graphInputs } from '../model/timing.ts';
import type { FedForm } from './sampling.ts';

/** How a model runs in closed loop, and what it feeds back. */
export interface GeneratorPlan extends ModelPlan {
  /** `stream`: continues from its states, sample by sample. `window`: sees the last `window` samples each time. */
  readonly way: { readonly kind: 'stream' } | { readonly kind: 'window'; readonly window: number };
  /** States of a stream; empty for a model without state. */
  readonly rows: readonly StateRow[];
  readonly form: FedForm;
  /** Whether the output belongs to the last sample alone, [batch, outputs]. */
  readonly lastOnly: boolean;
  readonly outputs: number;
}

interface Trial {
  readonly input: Signal;
  readonly output: Signal;
  readonly rows: readonly StateRow[];
}

/**
 * Decides how a model generates: by its window where it has a fixed window and one output for it, or cannot run in pieces; else as a
 * stream.
 *
 * @throws UnsupportedError where the output cannot be the next input
 */
export function planGenerator(
  topology: Topology,
  weights: ReadonlyMap<string, Weight>,
  opset: number,
  sampling: Sampling | null,
): GeneratorPlan {
  const plan = { topology, weights, opset };
  const where = `model "${topology.name}"`;
  if (topology.inputs.length !== 1 || topology.outputs.length !== 1) {
    throw new UnsupportedError(
      `${where}: expected one input and one output, which is fed back to it, got ${topology.inputs.length} and ${topology.outputs.length}; export it without a generator`,
    );
  }
  const whole = tryModel(plan, false);
  const window = whole.input.value.shape[1];
  const stream = tryStream(plan);
  const windowed =
    typeof window === 'number' && (stream instanceof UnsupportedError || stream.output.stream === 'latest');
  if (!windowed && stream instanceof UnsupportedError) throw stream;
  const trial = windowed ? whole : (stream as Trial);
  return {
    ...plan,
    ...fedBack(where, trial, sampling),
    way: windowed ? { kind: 'window', window } : { kind: 'stream' },
    rows: windowed ? [] : trial.rows,
  };
}

function tryStream(plan: ModelPlan): Trial | UnsupportedError {
  try {
    return tryModel(plan, true);
  } catch (error) {
    if (error instanceof UnsupportedError) return error;
    throw error;
  }
}

/** Converts the model once to learn its shapes and states. */
function tryModel(plan: ModelPlan, inPieces: boolean): Trial {
  const builder = new GraphBuilder(plan.topology.name, []);
  const recorder = new StateRecorder();
  const inputs = graphInputs(builder, plan.topology, inPieces);
  const conversion = { builder, ...plan, states: inPieces ? recorder : noStates };
  const [output] = convertTopology(conversion, plan.topology, inputs);
  const [input] = inputs;
  const { stream } = output;
  if (inPieces && (input.stream !== 'samples' || stream === 'fixed')) {
    throw new UnsupportedError(
      `model "${plan.topology.name}": expected a sequence [batch, time, features] or words [batch, time] as input, got [${input.value.shape.join(', ')}]; export it without a generator`,
    );
  }
  return { input, output: { ...output, value: builder.inLayout(output.value, false) }, rows: recorder.rows };
}

function fedBack(
  where: string,
  { input, output }: Trial,
  sampling: Sampling | null,
): Pick<GeneratorPlan, 'form' | 'lastOnly' | 'outputs'> {
  const fed = input.value.shape;
  const made = output.value.shape;
  const outputs = Number(made.at(-1));
  const refuse = (expected: string): UnsupportedError =>
    new UnsupportedError(
      `${where}: its output cannot be its next input: expected ${expected}, got [${made.join(', ')}] for [${fed.join(', ')}]; export it without a generator`,
    );
  if ((made.length !== 2 && made.length !== 3) || !Number.isInteger(outputs))
    throw refuse('a row of outputs for a sample');
  const lastOnly = made.length === 2;
  if (fed.length === 2) {
    const { type } = input.value;
    if (sampling?.kind !== 'categorical')
      throw refuse('features, or sampling "categorical", which makes words of them');
    return { form: { words: type === 'int32' ? 'int32' : 'float32' }, lastOnly, outputs };
  }
  const features: Dim = fed[2];
  if (fed.length !== 3 || typeof features !== 'number') throw refuse('a row of features for a sample');
  if (input.value.type !== 'float32' && sampling?.kind !== 'categorical') throw refuse('features of float32');
  const blocks = samplingBlocks(sampling);
  if (outputs !== blocks * features) {
    throw refuse(
      blocks === 1
        ? `as many outputs as features, ${features}`
        : `${blocks} outputs for each of ${features} features, as sampling "${sampling?.kind}" has them`,
    );
  }
  return { form: { features }, lastOnly, outputs };
}

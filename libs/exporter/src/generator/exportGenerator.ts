import type { Sampling, Scaler } from '@onda/contract';
import { ConfigError, samplingSchema } from '@onda/contract';
import type { Model } from '@onda/onnx';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { readTopology } from '../artifacts/topology.ts';
import { readWeights } from '../artifacts/weights.ts';
import { UnsupportedError } from '../errors.ts';
import { exporterVersion, makeModel, opsets } from '../model/onnxModel.ts';
import type { Net } from '../model/readNet.ts';
import { readNet, stateRows } from '../model/readNet.ts';
import { checkScaler } from '../model/scaling.ts';
import type { StateLayout, StatePacking } from '../model/states.ts';
import { stateLayout } from '../model/states.ts';
import type { GeneratorPlan } from './generatorPlan.ts';
import { planGenerator } from './generatorPlan.ts';
import { modelGeneratorGraph } from './modelGenerator.ts';
import { netGeneratorGraph } from './netGenerator.ts';

export interface ExportGeneratorOptions {
  /** How many samples an output is ahead of its input; 1 by default. */
  readonly lag?: number;
  /** Goes into the graph: values are in data units. None by default. */
  readonly scaler?: Scaler;
  /** How values are drawn from the outputs; default null: the outputs are the values. */
  readonly sampling?: Sampling | null;
  /** 14 to 21; 17 by default. */
  readonly opset?: number;
  /** As in `exportModel`; `row` by default. */
  readonly states?: StatePacking;
  /** Accepts weights that are NaN or infinite. */
  readonly allowNan?: boolean;
  /** Producer version in the file; the exporter's version by default. */
  readonly producerVersion?: string;
}

export interface ExportedGenerator {
  readonly model: Model;
  /** `stream`: continues from states. `window`: sees the last values. */
  readonly kind: 'stream' | 'window';
  /** The state inputs and outputs; null for a model without state. */
  readonly state: StateLayout | null;
  /** Minimum number of prompt samples. */
  readonly prompt: number;
}

/**
 * Exports the closed loop of a TensorFlow.js layers model whose output can be fed back as its next input: `x` (the prompt), `samples` and, for
 * sampling, `seed` or `noise` give `y`, the values after the prompt. A model that can run in pieces continues from its
 * states, sample by sample; one that needs a whole window runs on the last values each time. A chain of equal recurrent layers with a
 * linear read-out takes the fastest exact form; the loop of any other model has the model's own nodes.
 *
 * @throws UnsupportedError where the output cannot be the next input, or for a layer that ONNX cannot express; ModelError for a damaged
 *   model; ConfigError for invalid options
 */
export function exportGenerator(
  artifacts: LayersArtifacts,
  options: ExportGeneratorOptions,
): ExportedGenerator {
  const { lag = 1, sampling = null, opset = opsets.default, states = 'row' } = options;
  const { producerVersion = exporterVersion } = options;
  if (!Number.isSafeInteger(lag) || lag < 1) {
    throw new ConfigError(
      `lag: expected a whole number of at least 1, got ${lag}; say how many samples ahead an output is of its input`,
    );
  }
  if (sampling !== null) checkSampling(sampling);
  const topology = readTopology(artifacts.modelTopology);
  const plan = planGenerator(topology, readWeights(artifacts, options), opset, sampling);
  const { way, rows } = plan;
  checkLag(plan, lag);
  const scaler = options.scaler ?? noScaler(plan);
  if ('features' in plan.form) checkScaler(scaler, plan.form.features, plan.form.features);
  else if (scaler.kind !== 'none') {
    throw new ConfigError(`scaler: expected kind "none" for a model of words, got "${scaler.kind}"; omit it`);
  }
  const net = sampling === null && way.kind === 'stream' ? maybeNet(artifacts) : null;
  const layout = rows.length === 0 ? null : stateLayout(net === null ? rows : stateRows(net), states);
  const graph =
    net !== null && layout !== null
      ? netGeneratorGraph(net, scaler, lag, layout)
      : modelGeneratorGraph(plan, layout, { lag, scaler, sampling });
  return {
    model: makeModel(graph, { opset, producerVersion }),
    kind: way.kind,
    state: layout,
    prompt: way.kind === 'window' ? way.window + lag - 1 : lag,
  };
}

/** The model as a net with faster forms, or null. */
function maybeNet(artifacts: LayersArtifacts): Net | null {
  try {
    return readNet(artifacts, { stock: true, allowNan: true });
  } catch (error) {
    if (error instanceof UnsupportedError) return null;
    throw error;
  }
}

function checkLag({ topology, way, lastOnly }: GeneratorPlan, lag: number): void {
  if (lag === 1 || way.kind === 'window' || !lastOnly) return;
  throw new UnsupportedError(
    `model "${topology.name}": expected lag 1 for a model that outputs the last sample alone, got ${lag}; use lag 1, or returnSequences in its last recurrent layer`,
  );
}

function noScaler({ form }: GeneratorPlan): Scaler {
  const count = 'features' in form ? form.features : 0;
  return {
    kind: 'none',
    center: Array<number>(count).fill(0),
    scale: Array<number>(count).fill(1),
  };
}

/** @throws ConfigError for an invalid sampling */
function checkSampling(sampling: Sampling): void {
  const { error } = samplingSchema.safeParse(sampling);
  if (error !== undefined) {
    const [{ path, message }] = error.issues;
    throw new ConfigError(`sampling ${path.join('.')}: ${message}; correct it`);
  }
  if (sampling.kind === 'quantile' && new Set(sampling.levels).size !== sampling.levels.length) {
    throw new ConfigError(
      `sampling levels: expected unique levels, got ${JSON.stringify(sampling.levels)}; remove the duplicates`,
    );
  }
}

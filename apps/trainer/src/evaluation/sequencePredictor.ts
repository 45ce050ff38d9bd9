import type { NetManifest } from '@onda/contract';
import { drawsAny, samplingBlocks } from '@onda/contract';
import type { ForecastTask, Prediction, Predictor } from '@onda/forecasting';
import { defaultLevels } from '@onda/forecasting';
import type { FloatTensor, Session } from '@onda/runtime';
import { floatTensor, generate, SequenceModel } from '@onda/runtime';
import { quantile } from '@onda/series';

/** Continuations drawn per forecast of a model that samples its values. */
const draws = 100;

/** Samples of a history per run: bounds the memory of a long one. */
const mostTime = 10_000;

/** Rows of a generator run. */
const mostRows = 1024;

/** The exported files of a network, loaded. */
export interface SequenceSessions {
  model: Session;
  generator: Session;
}

/** The state before the last `lag` samples of a history, which are the prompt. */
interface Origin {
  prompt: Float32Array;
  state: Float32Array;
}

/**
 * Forecasts in closed loop with the exported files: model.onnx reads the history, generator.onnx continues it.
 *
 * A network that samples its values gives quantiles of 100 drawn continuations and their median; another one has no quantiles.
 */
export function sequencePredictor(
  { model, generator }: SequenceSessions,
  manifest: NetManifest,
  name = 'model',
): Predictor {
  const sequence = new SequenceModel(model, manifest);
  const { features } = manifest.net;
  const sampled = drawsAny(manifest.sampling);
  const levels = sampled ? defaultLevels : [];
  const { lag } = manifest;

  /** The origins of the tasks of one series: its history is read once, from the shortest to the longest. */
  const readOrigins = async (tasks: readonly ForecastTask[]): Promise<Origin[]> => {
    const origins: Origin[] = [];
    let state: FloatTensor | undefined;
    let read = 0;
    for (const { series } of tasks) {
      const end = series.length - lag;
      while (read < end) {
        const time = Math.min(mostTime, end - read);
        const x = Float32Array.from(series.values.subarray(read * features, (read + time) * features));
        ({ state } = await sequence.step(floatTensor([1, time, features], x), state));
        read += time;
      }
      origins.push({
        prompt: Float32Array.from(series.values.subarray(end * features, series.length * features)),
        state: (state ?? sequence.zeroState()).data,
      });
    }
    return origins;
  };

  const continueOrigins = async (origins: readonly Origin[], horizon: number): Promise<Prediction[]> => {
    const copies = sampled ? draws : 1;
    const rows = origins.flatMap((origin) => Array.from({ length: copies }, () => origin));
    const values: Float32Array[] = [];
    for (let start = 0; start < rows.length; start += mostRows) {
      const part = rows.slice(start, start + mostRows);
      const { y } = await generate(
        generator,
        manifest,
        stack(
          part.map(({ prompt }) => prompt),
          lag,
          features,
        ),
        floatTensor([part.length, manifest.state.size], joined(part.map(({ state }) => state))),
        horizon,
        sampled ? { seed: BigInt(start) } : undefined,
      );
      const size = horizon * features;
      for (let row = 0; row < part.length; row++) values.push(y.data.slice(row * size, (row + 1) * size));
    }
    return origins.map((_, index) => {
      const own = values.slice(index * copies, (index + 1) * copies);
      return sampled ? drawnPrediction(own, levels) : { values: Float64Array.from(own[0]), quantiles: null };
    });
  };

  return {
    name,
    levels,
    async predict(tasks) {
      const bySeries = new Map<string, number[]>();
      for (const [index, { series }] of tasks.entries()) {
        bySeries.set(series.id, [...(bySeries.get(series.id) ?? []), index]);
      }
      const origins: Origin[] = [];
      for (const indexes of bySeries.values()) {
        indexes.sort((a, b) => tasks[a].series.length - tasks[b].series.length);
        const own = await readOrigins(indexes.map((index) => tasks[index]));
        for (const [place, index] of indexes.entries()) origins[index] = own[place];
      }
      return continueOrigins(origins, tasks[0].horizon);
    },
  };
}

/** Whether a network can be fed its own predictions. */
export function predictsItsInputs({ net, sampling }: NetManifest): boolean {
  return net.outputs === samplingBlocks(sampling) * net.features;
}

const stack = (prompts: readonly Float32Array[], time: number, features: number): FloatTensor =>
  floatTensor([prompts.length, time, features], joined(prompts));

function joined(parts: readonly Float32Array[]): Float32Array {
  const size = parts[0].length;
  const whole = new Float32Array(parts.length * size);
  for (const [index, part] of parts.entries()) whole.set(part, index * size);
  return whole;
}

/** The median and the quantiles of drawn continuations, by value. */
function drawnPrediction(continuations: readonly Float32Array[], levels: readonly number[]): Prediction {
  const size = continuations[0].length;
  const values = new Float64Array(size);
  const quantiles = new Float64Array(size * levels.length);
  const sorted = new Float64Array(continuations.length);
  for (let place = 0; place < size; place++) {
    for (const [index, one] of continuations.entries()) sorted[index] = one[place];
    sorted.sort();
    values[place] = quantile(sorted, 0.5);
    for (const [index, level] of levels.entries()) {
      quantiles[place * levels.length + index] = quantile(sorted, level);
    }
  }
  return { values, quantiles };
}

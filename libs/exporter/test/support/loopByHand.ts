import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** What is fed of a sample, and what a model puts out for it. */
export type Row = readonly number[];

export interface LoopByHand {
  readonly model: LayersModel;
  /** [batch][time][features]; words are rows of one. */
  readonly prompt: readonly (readonly Row[])[];
  readonly samples: number;
  readonly lag?: number;
  /** What the model sees each time; left out: all that is known, up to the sample that the output belongs to. */
  readonly window?: number;
  /** Outputs of a sample to what is fed; left out: as they are. */
  readonly draw?: (outputs: Row, row: number, sample: number) => Row;
  /** Words: [batch, time] without features. */
  readonly words?: boolean;
}

/** The closed loop of a model in TensorFlow.js, by running it over what is known again for each sample: [batch][samples][features]. */
export function loopByHand({
  model,
  prompt,
  samples,
  lag = 1,
  window,
  draw,
  words = false,
}: LoopByHand): Row[][] {
  const known = prompt.map((rows) => [...rows]);
  const [{ length: given }] = prompt;
  for (let sample = 0; sample < samples; sample++) {
    const end = given + sample + 1 - lag;
    const seen = known.map((rows) => rows.slice(window === undefined ? 0 : end - window, end));
    const outputs = lastOutputs(model, seen, words);
    outputs.forEach((values, row) => known[row].push(draw?.(values, row, sample) ?? values));
  }
  return known.map((rows) => rows.slice(given));
}

function lastOutputs(model: LayersModel, seen: readonly (readonly Row[])[], words: boolean): Row[] {
  const [batch, time, features] = [seen.length, seen[0].length, seen[0][0].length];
  return tidy(() => {
    const x = tensor(seen.flat(2), words ? [batch, time] : [batch, time, features]);
    const result = model.predict(x);
    if (Array.isArray(result)) throw new Error('expected one output');
    const { shape } = result;
    const values = result.dataSync();
    const width = shape[shape.length - 1];
    const steps = shape.length === 3 ? shape[1] : 1;
    return Array.from({ length: batch }, (_, row) =>
      Array.from(values.subarray(((row + 1) * steps - 1) * width, (row + 1) * steps * width)),
    );
  });
}

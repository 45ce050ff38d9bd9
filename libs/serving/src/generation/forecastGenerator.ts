import type { Manifest, TensorLists } from '@onda/contract';
import { DataError, tensorNames } from '@onda/contract';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { floatOutput, floatTensor, generatorForm } from '@onda/runtime';
import type { Generator } from './generator.ts';

/**
 * A direct forecaster as a generator: the prompt is the history, the values are the medians of the forecast.
 *
 * @param session of model.onnx
 * @returns null for any other model
 */
export function forecastGenerator(
  manifest: Pick<Manifest, 'name' | 'forecaster'> | null,
  session: Session,
): Generator | null {
  if (manifest?.forecaster === undefined) return null;
  const { name, forecaster } = manifest;
  const { horizon, period, targets } = forecaster;
  const lists: TensorLists = {
    inputs: [
      { name: tensorNames.input, type: 'float32', shape: ['batch', 'time', targets] },
      { name: tensorNames.samples, type: 'int64', shape: [1] },
    ],
    outputs: [{ name: tensorNames.output, type: 'float32', shape: ['batch', 'samples', targets] }],
  };
  const run = async (feeds: Record<string, RuntimeTensor>): Promise<Record<string, RuntimeTensor>> => {
    const { x, samples } = feeds;
    const count = Number((samples.data as BigInt64Array)[0]);
    const [batch, time] = x.dims;
    if (count > horizon) {
      throw new DataError(
        `samples: expected at most ${horizon}, the horizon of model "${name}", got ${count}; request fewer`,
      );
    }
    if (time < period) {
      throw new DataError(
        `prompt: expected at least ${period} samples, one season of model "${name}", got ${time}; pass a longer prompt`,
      );
    }
    const { data } = floatOutput(await session.run({ x }), tensorNames.output);
    const width = data.length / (batch * horizon);
    const values = new Float32Array(batch * count * targets);
    for (let row = 0; row < batch; row++) {
      for (let step = 0; step < count; step++) {
        const start = (row * horizon + step) * width;
        values.set(data.subarray(start, start + targets), (row * count + step) * targets);
      }
    }
    return { [tensorNames.output]: floatTensor([batch, count, targets], values) };
  };
  return {
    session: { ...lists, provider: session.provider, run, release: () => Promise.resolve() },
    model: { name, tensors: { generator: lists } },
    form: generatorForm(lists, 'model.onnx'),
    // One run makes the whole forecast: it cannot be continued.
    least: horizon,
    lag: 1,
    continuesExactly: false,
    sampling: null,
  };
}

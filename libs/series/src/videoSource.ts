import { ConfigError } from '@onda/contract';
import type { VideoDataConfig } from '@onda/contract';
import type { DataSource } from './chunkSource.ts';
import { describeData } from './describeData.ts';
import { createRandom, shuffledIndices, streamSeed } from './random.ts';
import { makeChosenClips, makeVideoClips } from './videoClips.ts';
import type { ClipSpec } from './videoClips.ts';

/** Keeps the order of clips apart from the clips themselves, whose streams are their numbers. */
const orderStream = 0xffff_ffff;

/**
 * Made video clips in batches: every pass sees each clip once, in an order of its own (the last batch of a pass may be smaller).
 * The clips held back are made in addition to `clips`.
 *
 * @throws ConfigError when a batch is larger than a pass
 */
export function createVideoSource(data: VideoDataConfig, lag: number, seed: number): DataSource {
  const { clips, batch, frames, height, width } = data;
  if (batch > clips) {
    throw new ConfigError(
      `data.batch: expected at most data.clips (${clips}), got ${batch}; lower data.batch or raise data.clips`,
    );
  }
  const pixels = height * width;
  const spec: ClipSpec = { frames: frames + lag, height, width, seed };
  const steps = Math.ceil(clips / batch);
  const orderSeed = streamSeed(seed, orderStream);
  let known: { pass: number; order: Uint32Array } | undefined;
  const orderOf = (pass: number): Uint32Array => {
    if (known?.pass !== pass) {
      known = { pass, order: shuffledIndices(clips, createRandom(streamSeed(orderSeed, pass))) };
    }
    return known.order;
  };
  const cut = (values: Float32Array, count: number) => ({
    x: cutFrames(values, spec, 0, frames),
    y: cutFrames(values, spec, lag, frames),
    batch: count,
    time: frames,
    features: pixels,
    outputs: pixels,
  });
  return {
    features: pixels,
    outputs: pixels,
    scaler: {
      kind: 'none',
      center: new Array<number>(pixels).fill(0),
      scale: new Array<number>(pixels).fill(1),
    },
    hashInput: describeData(data, { lag, seed }),
    chunk: (step) => {
      const place = (step % steps) * batch;
      const numbers = orderOf(Math.floor(step / steps)).subarray(place, place + batch);
      return { ...cut(makeChosenClips(spec, numbers), numbers.length), startsSequence: true };
    },
    evaluation: () =>
      data.holdout === 0
        ? null
        : { ...cut(makeVideoClips({ ...spec, clips: data.holdout }, clips), data.holdout), from: 0 },
  };
}

/** Frames `from` to `from + count` of every clip of [clips, spec.frames, pixels]. */
function cutFrames(values: Float32Array, spec: ClipSpec, from: number, count: number): Float32Array {
  const pixels = spec.height * spec.width;
  const clipSize = spec.frames * pixels;
  const clips = values.length / clipSize;
  const cut = new Float32Array(clips * count * pixels);
  for (let clip = 0; clip < clips; clip++) {
    const start = clip * clipSize + from * pixels;
    cut.set(values.subarray(start, start + count * pixels), clip * count * pixels);
  }
  return cut;
}

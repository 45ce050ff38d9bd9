import type { VideoDataConfig } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import type { DataSource } from './dataSource.ts';
import { describeData } from './dataSource.ts';
import { evenChunks } from './csvSource.ts';
import { createRandom, shuffledIndices, streamSeed } from './random.ts';

/** Parameters of synthetic clips. */
export interface ClipSpec {
  /** Frames per clip. */
  frames: number;
  /** Pixels. */
  height: number;
  /** Pixels. */
  width: number;
  /** An integer from 0 to 2 ** 32 - 1. */
  seed: number;
}

/** Range of the dot's speed in each direction, as a share of the frame per time step. */
const slowest = 0.03;
const fastest = 0.15;

/**
 * Creates clips of a bright dot that starts at a random position, moves at a constant random velocity and bounces off the edges. Its
 * brightness is distributed bilinearly over the adjacent pixels, so that every frame sums to 1 and the next frame is predictable.
 *
 * @param first index of the first clip; clip i does not depend on the other clips
 * @returns row-major, shape [clips, frames, height * width], values 0..1
 */
export function createVideoClips(spec: ClipSpec & { clips: number }, first = 0): Float32Array {
  return createClips(
    spec,
    Array.from({ length: spec.clips }, (_, clip) => first + clip),
  );
}

/**
 * Creates the clips with these indices, in this order.
 *
 * @returns row-major, shape [numbers, frames, height * width], values 0..1
 */
function createClips(spec: ClipSpec, numbers: ArrayLike<number>): Float32Array {
  const size = spec.frames * spec.height * spec.width;
  const values = new Float32Array(numbers.length * size);
  for (let index = 0; index < numbers.length; index++) {
    drawClip(values.subarray(index * size, (index + 1) * size), spec, numbers[index]);
  }
  return values;
}

/** Renders clip `number` into an array of zeros, [frames, height, width]. */
function drawClip(target: Float32Array, { frames, height, width, seed }: ClipSpec, number: number): void {
  const random = createRandom(streamSeed(seed, number));
  const speed = (): number => random.uniform(slowest, fastest) * (random.int(2) === 0 ? 1 : -1);
  const start = { x: random.next(), y: random.next() };
  const step = { x: speed(), y: speed() };
  for (let frame = 0; frame < frames; frame++) {
    const x = bounce(start.x + frame * step.x) * (width - 1);
    const y = bounce(start.y + frame * step.y) * (height - 1);
    const [left, top] = [Math.floor(x), Math.floor(y)];
    for (let row = top; row <= Math.min(top + 1, height - 1); row++) {
      for (let column = left; column <= Math.min(left + 1, width - 1); column++) {
        target[(frame * height + row) * width + column] =
          (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      }
    }
  }
}

/** Reflects a position into 0..1. */
function bounce(position: number): number {
  const phase = position - 2 * Math.floor(position / 2);
  return phase <= 1 ? phase : 2 - phase;
}

/** Stream of the order of clips; the streams of the clips are their indices. */
const orderStream = 0xffff_ffff;

/**
 * Synthetic video clips in batches: every pass uses each clip once, in another random order; the batches of a pass are of equal size, at most `batch` (one less where the clips
 * do not divide).
 * Hold-out clips are additional to `clips`.
 *
 * @throws ConfigError if a batch is larger than a pass
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
  const batches = evenChunks(clips, batch);
  const steps = batches.length;
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
      const { start, time: count } = batches[step % steps];
      const numbers = orderOf(Math.floor(step / steps)).subarray(start, start + count);
      return { ...cut(createClips(spec, numbers), numbers.length), startsSequence: true };
    },
    notes: [],
    series: null,
    fullSamples: Math.max(...batches.map(({ time }) => time)) * frames,
    chunksPerPass: steps,
    shortest: null,
    windows: () => null,
    streams: (count) => {
      throw new ConfigError(`training.batch: expected none with video clips, got ${count}; set data.batch`);
    },
    evaluations: () => {
      if (data.holdout === 0) return [];
      const held = cut(createVideoClips({ ...spec, clips: data.holdout }, clips), data.holdout);
      return [{ ...held, id: 'clips', x: Float64Array.from(held.x), y: Float64Array.from(held.y), from: 0 }];
    },
  };
}

/** Frames `from` to `from + count` of all clips, [clips, spec.frames, pixels]. */
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

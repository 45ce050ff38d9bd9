import { createRandom, streamSeed } from './random.ts';

/** What made clips look like. */
export interface ClipSpec {
  /** Frames of a clip. */
  frames: number;
  /** Pixels. */
  height: number;
  /** Pixels. */
  width: number;
  /** An integer from 0 to 2 ** 32 - 1. */
  seed: number;
}

/** Least and greatest share of the frame that the dot crosses in one frame's time, in each direction. */
const slowest = 0.03;
const fastest = 0.15;

/**
 * Makes clips of a bright dot that wanders over the frame: it starts anywhere, goes straight at its own speed and bounces off the
 * edges. Its brightness is shared out bilinearly to the pixels it lies between, so every frame sums to 1 and the place of the
 * dot can be told from the values: the next frame can be learnt.
 *
 * @param clips how many
 * @param first number of the first: clip i is the same whatever else is made
 * @returns row-major, shape [clips, frames, height * width], values 0..1
 */
export function makeVideoClips(spec: ClipSpec & { clips: number }, first = 0): Float32Array {
  return makeChosenClips(
    spec,
    Array.from({ length: spec.clips }, (_, clip) => first + clip),
  );
}

/**
 * Makes the clips of these numbers, in this order.
 *
 * @returns row-major, shape [numbers, frames, height * width], values 0..1
 */
export function makeChosenClips(spec: ClipSpec, numbers: ArrayLike<number>): Float32Array {
  const size = spec.frames * spec.height * spec.width;
  const values = new Float32Array(numbers.length * size);
  for (let index = 0; index < numbers.length; index++) {
    drawClip(values.subarray(index * size, (index + 1) * size), spec, numbers[index]);
  }
  return values;
}

/** Draws clip `number` into zeros of shape [frames, height, width]. */
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

/** Where a point on a straight line lies in 0..1 when it is thrown back at both ends. */
function bounce(position: number): number {
  const phase = position - 2 * Math.floor(position / 2);
  return phase <= 1 ? phase : 2 - phase;
}

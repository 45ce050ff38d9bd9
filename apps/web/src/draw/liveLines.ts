import { thinned } from './linePath.ts';
import type { LiveScene } from './liveScene.ts';

/** A line as samples and values. */
export type LiveLine = (readonly [sample: number, value: number])[];

/** The visible lines of one feature of a generation. */
export interface LiveLines {
  truth: LiveLine;
  prompt: LiveLine;
  /** From the last sample of the prompt to the newest position, which may be between two samples. */
  generated: LiveLine;
  /** The area between the generation and the truth; empty without a truth. */
  gap: LiveLine;
  head: readonly [sample: number, value: number];
}

/** @param most points of a line, about */
export function liveLines(scene: LiveScene, feature: number, most: number): LiveLines {
  const { prompt, generated, window } = scene;
  const features = scene.names.length;
  const time = prompt.length / features;
  const low = Math.max(0, Math.floor(window[0]) - 1);
  const high = Math.ceil(window[1]) + 1;
  const end = time - 1 + scene.shown;

  const whole = (sample: number): number =>
    sample < time ? prompt[sample * features + feature] : generated[(sample - time) * features + feature];
  const truth = (sample: number): number => scene.truth(sample, feature);
  const line = (from: number, to: number, at: (sample: number) => number): LiveLine =>
    thinned(from, to, most, at).map((sample) => [sample, at(sample)]);

  const net = line(Math.max(low, time - 1), Math.min(high, Math.floor(end)), whole);
  const head = [end, between(whole, end)] as const;
  if (end > Math.floor(end) && end <= high) net.push(head);
  const known: LiveLine = net
    .map(([sample]) => [sample, between(truth, sample)] as const)
    .filter(([, value]) => Number.isFinite(value));
  return {
    truth: line(low, high, truth),
    prompt: line(low, Math.min(high, time - 1), whole),
    generated: net,
    gap: known.length < 2 ? [] : [...net.slice(0, known.length), ...known.reverse()],
    head,
  };
}

/** The value at a position between two samples, by linear interpolation. */
function between(at: (sample: number) => number, sample: number): number {
  const before = Math.floor(sample);
  const share = sample - before;
  return share === 0 ? at(before) : at(before) * (1 - share) + at(before + 1) * share;
}

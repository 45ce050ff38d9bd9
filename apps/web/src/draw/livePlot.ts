import { across, drawAxes, timeTicks, upward } from './axes.ts';
import type { Frame } from './axes.ts';
import { linePath, thinned } from './linePath.ts';
import type { Point } from './linePath.ts';
import { place } from './scale.ts';
import type { Scale } from './scale.ts';
import { setAttributes, svg } from './svg.ts';

/** What the live picture shows at one moment. Samples count from the prompt's first. */
export interface LiveScene {
  features: number;
  prompt: Float32Array;
  /** Row-major [samples, features], at least as far as `shown`. */
  generated: ArrayLike<number>;
  /** Generated samples to draw, with the fraction that the newest stretch has grown. */
  shown: number;
  /** The true value at a sample, NaN where there is none. */
  truth: (sample: number, feature: number) => number;
  /** Samples that lie in the picture. */
  window: readonly [number, number];
  /** Values that lie in the picture. */
  range: readonly [number, number];
}

/** A picture that is drawn anew for each moment. */
export interface LivePlot {
  draw(scene: LiveScene): void;
  /**
   * The samples to put in the picture: all of them between the text's edges, or as many as stand at a comfortable distance
   * with the newest at its place.
   *
   * @param newest sample that is drawn last, with its fraction
   * @param last   last sample of all, to show the whole; null for the latest
   */
  window(newest: number, last: number | null): [number, number];
}

const pixelsASample = 7;
const fewestSamples = 90;

/** Share of the picture's width, from its left, where the newest value is held. */
const headPlace = 0.8;

/** Room that the labels need beside the page's text; where there is less they stand on their lines. */
const labelRoom = 44;

/** Space left of the page's text, as in page.css: the prompt begins where the text does. */
function textMargin(width: number): number {
  return width <= 560 ? 16 : Math.max(24, (width - 1160) / 2);
}

/**
 * The picture of a running generation: the prompt in red, the truth in blue, the net's own values over it.
 *
 * @param host an SVG element, as wide and high as its style says
 */
export function createLivePlot(host: SVGSVGElement): LivePlot {
  const axes = svg('g');
  const gap = svg('path', { class: 'gap' });
  const truth = svg('g', { class: 'truth' });
  const prompt = svg('g', { class: 'prompt' });
  const generated = svg('g', { class: 'generated' });
  const start = svg('line', { class: 'start' });
  const startLabel = svg('text', { class: 'start-label' }, 'from here on its own');
  const halo = svg('circle', { class: 'halo', r: 13 });
  const head = svg('circle', { class: 'head', r: 5 });
  const shade = svg('rect', { fill: 'url(#live-fade)', x: 0, y: 0 });
  const drawing = svg('g', {}, gap, truth, generated, prompt, start, startLabel);
  host.replaceChildren(
    svg('defs', {}, fade(), svg('mask', { id: 'live-mask', maskUnits: 'userSpaceOnUse' }, shade)),
    axes,
    drawing,
    halo,
    head,
  );

  const frameNow = (): Frame => {
    const { width, height } = host.getBoundingClientRect();
    return { width, height, left: 0, right: 0, top: 16, bottom: 34 };
  };

  return {
    window(newest, last) {
      const { width } = frameNow();
      const margin = textMargin(width);
      if (last !== null) {
        const sample = Math.max(1, last) / Math.max(1, width - 2 * margin);
        return [-margin * sample, last + margin * sample];
      }
      const wide = Math.max(fewestSamples, width / pixelsASample);
      const right = Math.max(wide * (1 - margin / width), newest + wide * (1 - headPlace));
      return [right - wide, right];
    },
    draw(scene) {
      const frame = frameNow();
      const x: Scale = { from: scene.window, to: across(frame) };
      const y: Scale = { from: scene.range, to: upward(frame) };
      setAttributes(host, { viewBox: `0 0 ${frame.width} ${frame.height}` });
      setAttributes(shade, { width: frame.width, height: frame.height });
      setAttributes(drawing, { mask: scene.window[0] > 0 ? 'url(#live-mask)' : 'none' });
      const margin = textMargin(frame.width);
      drawAxes(
        axes,
        frame,
        x,
        y,
        timeTicks(x, 80),
        margin < labelRoom ? { on: margin } : { before: margin - 10 },
      );

      const promptTime = scene.prompt.length / scene.features;
      const places = lines(scene, promptTime, frame.width);
      const draw = (samples: readonly number[], at: (sample: number) => number): Point[] =>
        samples.map((sample) => [place(x, sample), place(y, at(sample))]);
      const features = Array.from({ length: scene.features }, (_, feature) => feature);

      setPaths(truth, features, (feature) =>
        linePath(draw(places.truth, (sample) => scene.truth(sample, feature))),
      );
      setPaths(prompt, features, (feature) => {
        const value = (sample: number): number => scene.prompt[sample * scene.features + feature];
        return linePath(draw(places.prompt, value));
      });
      const value = valueAt(scene, promptTime);
      setPaths(generated, features, (feature) =>
        linePath(draw(places.generated, (sample) => value(sample, feature))),
      );
      drawGap(gap, scene, places.generated, value, draw);

      const from = place(x, promptTime - 1);
      setAttributes(start, { x1: from, x2: from, y1: frame.top, y2: frame.height - frame.bottom });
      setAttributes(startLabel, { x: from + 10, y: frame.top + 14 });
      const last = promptTime - 1 + scene.shown;
      const spot = { cx: place(x, last), cy: place(y, value(last, 0)) };
      for (const circle of [halo, head]) setAttributes(circle, spot);
    },
  };
}

/** The older values fade out towards the left edge. */
function fade(): SVGLinearGradientElement {
  return svg(
    'linearGradient',
    { id: 'live-fade' },
    svg('stop', { offset: 0, 'stop-color': '#fff', 'stop-opacity': 0.05 }),
    svg('stop', { offset: 0.16, 'stop-color': '#fff' }),
  );
}

/** The samples each line is drawn through; the newest stretch of the generation ends between two samples. */
function lines(
  scene: LiveScene,
  promptTime: number,
  width: number,
): { truth: number[]; prompt: number[]; generated: number[] } {
  const most = Math.max(200, Math.round(width) * 2);
  const low = Math.max(0, Math.floor(scene.window[0]) - 1);
  const high = Math.ceil(scene.window[1]) + 1;
  const end = promptTime - 1 + scene.shown;
  const value = valueAt(scene, promptTime);
  const first = Math.max(low, promptTime - 1);
  const generated = thinned(first, Math.min(high, Math.floor(end)), most, (sample) => value(sample, 0));
  if (end > Math.floor(end) && end <= high) generated.push(end);
  return {
    truth: thinned(low, high, most, (sample) => scene.truth(sample, 0)),
    prompt: thinned(
      low,
      Math.min(high, promptTime - 1),
      most,
      (sample) => scene.prompt[sample * scene.features],
    ),
    generated,
  };
}

/** The net's value at a sample: its last prompt sample, where its line begins, then its own; between samples, on the line. */
function valueAt(scene: LiveScene, promptTime: number): (sample: number, feature: number) => number {
  const { features, prompt, generated } = scene;
  const whole = (sample: number, feature: number): number =>
    sample < promptTime
      ? prompt[sample * features + feature]
      : generated[(sample - promptTime) * features + feature];
  return (sample, feature) => {
    const before = Math.floor(sample);
    const share = sample - before;
    if (share === 0) return whole(before, feature);
    return whole(before, feature) * (1 - share) + whole(before + 1, feature) * share;
  };
}

/** The space between the net's first feature and the truth, to be filled. */
function drawGap(
  path: SVGPathElement,
  scene: LiveScene,
  samples: readonly number[],
  value: (sample: number, feature: number) => number,
  draw: (samples: readonly number[], at: (sample: number) => number) => Point[],
): void {
  const known = samples.filter((sample) => Number.isFinite(scene.truth(sample, 0)));
  if (scene.features > 1 || known.length < 2) {
    setAttributes(path, { d: '' });
    return;
  }
  const there = draw(known, (sample) => value(sample, 0));
  const back = draw([...known].reverse(), (sample) => scene.truth(sample, 0));
  setAttributes(path, { d: `${linePath([...there, ...back])}Z` });
}

/** Keeps one path a feature in a group and gives each its data. */
function setPaths(group: SVGGElement, features: readonly number[], data: (feature: number) => string): void {
  while (group.childElementCount > features.length) group.lastElementChild?.remove();
  while (group.childElementCount < features.length) {
    group.append(svg('path', { class: `line feature-${group.childElementCount % 4}` }));
  }
  for (const feature of features) setAttributes(group.children[feature], { d: data(feature) });
}

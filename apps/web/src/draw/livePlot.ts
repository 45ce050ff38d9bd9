import type { Frame, Scale } from './axes.ts';
import {
  across,
  drawAxes,
  drawTimes,
  linePath,
  place,
  setAttributes,
  svg,
  thinned,
  timeTicks,
  upward,
} from './axes.ts';

/** A picture that is redrawn for each frame. */
interface LivePlot {
  draw(scene: LiveScene): void;
  /**
   * The samples of the picture: all of them if they fit between the edges of the text, else as many as fit at a readable
   * distance, with the newest at its position.
   *
   * @param newest sample that is drawn last, with its fraction
   * @param last   last sample of all
   * @param whole  show all samples, however close they are
   */
  window(newest: number, last: number, whole: boolean): [number, number];
}

const pixelsASample = 7;
const fewestSamples = 90;

/** Position of the newest value, as a share of the picture's width from the left. */
const headPlace = 0.8;

/** Features beyond these are in the table alone. */
const mostLanes = 6;

/** Width that the labels need next to the page's text; with less, they are on their lines. */
const labelRoom = 44;

/** Space left of the page's text, as in styles/base.css: the prompt starts at the left edge of the text. */
function textMargin(width: number): number {
  return width <= 560 ? 16 : Math.max(24, (width - 1160) / 2);
}

/**
 * The picture of a running generation: the prompt in red, the truth in blue, the net's own values over it; several features in lanes
 * one above the other.
 *
 * @param host an SVG element, as wide and high as its style says
 */
export function createLivePlot(host: SVGSVGElement): LivePlot {
  const axes = svg('g');
  const lanes = svg('g');
  const heads = svg('g');
  const start = svg('line', { class: 'start' });
  const startLabel = svg('text', { class: 'start-label' }, 'from here on its own');
  const shade = svg('rect', { fill: 'url(#live-fade)', x: 0, y: 0 });
  const mask = svg('mask', { id: 'live-mask', maskUnits: 'userSpaceOnUse' }, shade);
  const drawing = svg('g', {}, lanes, start, startLabel);
  host.replaceChildren(svg('defs', {}, fade(), mask), axes, drawing, heads);

  const frameNow = (): Frame => {
    const { width, height } = host.getBoundingClientRect();
    return { width, height, left: 0, right: 0, top: 16, bottom: 34 };
  };

  return {
    window(newest, last, whole) {
      const { width } = frameNow();
      const margin = textMargin(width);
      const wide = Math.max(fewestSamples, width / pixelsASample);
      if (whole || last <= wide) {
        const sample = Math.max(1, last) / Math.max(1, width - 2 * margin);
        return [-margin * sample, last + margin * sample];
      }
      const right = Math.max(wide * (1 - margin / width), newest + wide * (1 - headPlace));
      return [right - wide, right];
    },
    draw(scene) {
      const frame = frameNow();
      const margin = textMargin(frame.width);
      const x: Scale = { from: scene.window, to: across(frame) };
      const count = Math.min(mostLanes, scene.names.length);
      const ys = laneScales(frame, scene.range, count);
      setAttributes(host, { viewBox: `0 0 ${frame.width} ${frame.height}` });
      setAttributes(shade, { width: frame.width, height: frame.height });
      setAttributes(drawing, { mask: scene.window[0] > 0 ? 'url(#live-mask)' : 'none' });
      if (count === 1) {
        const labels = margin < labelRoom ? { on: margin } : { before: margin - 10 };
        drawAxes(axes, frame, x, ys[0], timeTicks(x, 80), labels);
      } else {
        axes.replaceChildren(
          ...laneLabels(scene.names, ys, frame.width, margin),
          ...drawTimes(frame, x, timeTicks(x, 80)),
        );
      }
      keep(lanes, count, () => lane());
      keep(heads, count, () =>
        svg('g', {}, svg('circle', { class: 'halo', r: 13 }), svg('circle', { class: 'head', r: 5 })),
      );
      for (const [feature, y] of ys.entries()) {
        const lines = liveLines(scene, feature, Math.max(200, Math.round(frame.width) * 2));
        drawLane(lanes.children[feature], lines, x, y);
        const [sample, value] = lines.head;
        for (const circle of heads.children[feature].children) {
          setAttributes(circle, { cx: place(x, sample), cy: place(y, value) });
        }
      }
      const from = place(x, scene.prompt.length / scene.names.length - 1);
      setAttributes(start, { x1: from, x2: from, y1: frame.top, y2: frame.height - frame.bottom });
      setAttributes(startLabel, { x: from + 10, y: frame.top + 14 });
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

/** The same values in each lane, one lane a feature from the top. */
function laneScales(frame: Frame, range: readonly [number, number], count: number): Scale[] {
  const [bottom, top] = upward(frame);
  const height = (bottom - top) / count;
  return Array.from({ length: count }, (_, lane) => ({
    from: range,
    to: [top + (lane + 1) * height, top + lane * height],
  }));
}

function laneLabels(
  names: readonly string[],
  ys: readonly Scale[],
  width: number,
  margin: number,
): SVGElement[] {
  return ys.flatMap((y, lane) => [
    svg('line', { class: 'grid', x1: 0, x2: width, y1: y.to[0], y2: y.to[0] }),
    svg('text', { class: 'tick y-tick on', x: margin, y: y.to[1] + 16 }, names[lane]),
  ]);
}

function lane(): SVGGElement {
  const path = (kind: string): SVGPathElement => svg('path', { class: kind });
  return svg('g', {}, path('gap'), path('line truth'), path('line generated'), path('line prompt'));
}

function drawLane(group: Element, lines: LiveLines, x: Scale, y: Scale): void {
  const data = (line: LiveLine): string =>
    linePath(line.map(([sample, value]) => [place(x, sample), place(y, value)]));
  const gap = data(lines.gap);
  const paths = [gap === '' ? '' : `${gap}Z`, data(lines.truth), data(lines.generated), data(lines.prompt)];
  for (const [index, d] of paths.entries()) setAttributes(group.children[index], { d });
}

/** Adds or removes children of a group until it has `count`. */
function keep(group: SVGGElement, count: number, make: () => SVGElement): void {
  while (group.childElementCount > count) group.lastElementChild?.remove();
  while (group.childElementCount < count) group.append(make());
}

/** A line as samples and values. */
type LiveLine = (readonly [sample: number, value: number])[];

/** The visible lines of one feature of a generation. */
interface LiveLines {
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

/** The content of the live picture at one moment. Samples are counted from the start of the prompt. */
export interface LiveScene {
  /** One per feature. */
  names: readonly string[];
  prompt: Float32Array;
  /** Row-major [samples, features], at least as far as `shown`. */
  generated: ArrayLike<number>;
  /** Generated samples to draw, with the fraction that the newest stretch has grown. */
  shown: number;
  /** The true value at a sample; NaN if unknown. */
  truth: (sample: number, feature: number) => number;
  /** Range of visible samples. */
  window: readonly [number, number];
  /** Range of visible values, of the picture or of each of its lanes. */
  range: readonly [number, number];
}

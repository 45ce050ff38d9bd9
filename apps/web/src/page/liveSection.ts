import type { Series } from '../data/series.ts';
import { paddedRange } from '../draw/axes.ts';
import { createLivePlot } from '../draw/livePlot.ts';
import { countText, smallText } from '../draw/text.ts';
import { LiveRun } from '../generate/liveRun.ts';
import type { ClosedLoopModel } from '../generate/stream.ts';
import { find } from './find.ts';
import { createLiveControls } from './liveControls.ts';

/** Parts of the page that follow the running generation. */
interface LiveListeners {
  /** A frame was drawn; while it runs, the next follows at once. */
  drawn: (run: LiveRun, samples: number, running: boolean) => void;
  /** Status for screen readers: started, stopped, done. */
  announce: (text: string) => void;
  failed: (error: unknown) => void;
}

/** The live picture with its controls. */
interface LiveSection {
  /** Takes a model and the series its prompts come from, and starts. */
  open(model: ClosedLoopModel, series: Series): void;
  close(): void;
  /** Draws again, after the page's size or colours changed. */
  redraw(): void;
}

const longestPrompt = 500;
const defaultPrompt = 20;
const fewestSamples = 50;
const mostSamples = 400;

export function createLiveSection(listeners: LiveListeners): LiveSection {
  const plot = createLivePlot(find('live-plot', SVGSVGElement));
  const summary = find('live-summary', HTMLElement);
  let source: { model: ClosedLoopModel; series: Series; start: number } | null = null;
  let run: LiveRun | null = null;
  let running = false;
  let last = 0;

  const controls = createLiveControls({
    toggle: () => {
      if (running) stop(`Stopped after ${run?.drawn ?? 0} samples.`);
      else if (run && run.drawn < controls.pace.samples) go();
      else restart();
    },
    restart: () => {
      restart();
    },
    move: () => {
      if (source) source.start = otherPlace(source.series, controls.promptTime);
      restart();
    },
    redraw: () => {
      draw();
    },
  });

  function restart(): void {
    if (!source) return;
    const { model, series } = source;
    run = new LiveRun(model, { series, start: source.start, time: controls.promptTime });
    go();
  }

  function go(): void {
    if (!run) return;
    listeners.announce(`Generating ${controls.pace.samples} samples after a prompt of ${run.place.time}.`);
    if (running) return;
    running = true;
    controls.showRunning(true);
    last = performance.now();
    requestAnimationFrame(frame);
  }

  function stop(text: string): void {
    running = false;
    controls.showRunning(false);
    draw();
    listeners.announce(`${text} ${summary.textContent}`);
  }

  function frame(now: number): void {
    if (!running || !run) return;
    const { pace } = controls;
    run.step((now - last) / 1000, pace)?.catch((error: unknown) => {
      running = false;
      controls.showRunning(false);
      listeners.failed(error);
    });
    last = now;
    if (run.shown >= pace.samples) {
      stop(`Done: ${pace.samples} samples.`);
      return;
    }
    draw();
    requestAnimationFrame(frame);
  }

  function draw(): void {
    if (!run) return;
    const { samples } = controls.pace;
    const before = run.place.time - 1;
    plot.draw({
      names: run.place.series.names,
      prompt: run.prompt,
      generated: run.generated,
      shown: run.shown,
      truth: (sample, feature) => run?.truth(sample, feature) ?? NaN,
      window: plot.window(before + run.shown, before + samples, controls.whole),
      range: paddedRange(run.range, 0.14),
    });
    summary.textContent = summaryText(run);
    showReadouts(run, samples);
    listeners.drawn(run, samples, running);
  }

  return {
    open(model, series) {
      const { lag } = model.sequence.manifest;
      const time = Math.max(lag, Math.min(defaultPrompt, series.promptEnd));
      controls.offer({
        prompt: { min: lag, max: Math.min(longestPrompt, series.length), value: time },
        samples: defaultSamples(series),
        move: series.length === Infinity ? 'New phase' : 'Other place',
      });
      source = {
        model,
        series,
        start: series.length === Infinity ? 0 : Math.max(0, series.promptEnd - time),
      };
      find('starts', HTMLElement).textContent = placeText(series, source.start);
      controls.enable(true);
      restart();
    },
    close() {
      running = false;
      run = null;
      source = null;
      controls.showRunning(false);
      controls.enable(false);
    },
    redraw: draw,
  };
}

/** As many samples as have a ground truth, within limits. */
function defaultSamples({ length, promptEnd, truth }: Series): number {
  return truth ? Math.min(mostSamples, Math.max(fewestSamples, length - promptEnd)) : mostSamples;
}

/** Another start for the prompt: any phase of a formula, any row with a complete prompt after it. */
function otherPlace(series: Series, time: number): number {
  if (series.length === Infinity) return Math.random() * 2 * series.chunk;
  return Math.floor(Math.random() * (series.length - time + 1));
}

/** The largest difference from the truth among the drawn samples; NaN and -1 without a truth. */
export function worstDrawn({ errors, drawn }: { errors: readonly number[]; drawn: number }): {
  error: number;
  at: number;
} {
  let error = NaN;
  let at = -1;
  for (let sample = 0; sample < drawn; sample++) {
    if (errors[sample] > error || (Number.isNaN(error) && !Number.isNaN(errors[sample]))) {
      error = errors[sample];
      at = sample;
    }
  }
  return { error, at };
}

/** The live picture in words. */
export function summaryText(run: LiveRun): string {
  const { drawn, place } = run;
  const { error, at } = worstDrawn(run);
  const text = `${drawn} values after a prompt of ${place.time} samples of ${place.series.title}`;
  if (at < 0) return `${text}.`;
  return `${text}; the largest difference from the truth is ${smallText(error)}, at sample ${at + 1}.`;
}

/** Where a prompt starts: the phase of a formula, the row of a table. */
export function placeText(series: Series, start: number): string {
  if (series.length !== Infinity) return `row ${start + 1}`;
  return `${(start / series.chunk).toFixed(2)} π`;
}

/** Writes the figures under the live picture. */
function showReadouts(run: LiveRun, samples: number): void {
  const { drawn, errors, place } = run;
  const { error, at } = worstDrawn(run);
  write('drawn', countText(drawn), `of ${countText(samples)}`);
  write('worst', smallText(error), at < 0 ? '' : `at ${countText(at + 1)}`);
  write('current', smallText(drawn > 0 ? errors[drawn - 1] : NaN), '');
  write('starts', placeText(place.series, place.start), '');
}

/** A figure and, smaller, what belongs to it. */
export function write(id: string, value: string, rest: string): void {
  const target = find(id, HTMLElement);
  if (target.dataset['text'] === value + rest) return;
  target.dataset['text'] = value + rest;
  const small = document.createElement('small');
  small.textContent = rest;
  target.replaceChildren(rest === '' ? value : `${value} `, small);
}

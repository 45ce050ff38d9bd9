import type { FitConfig } from '@onda/contract';
import type { SequenceModel } from '@onda/runtime';
import { floatTensor } from '@onda/runtime';
import type { Series } from '../data/series.ts';
import { chunkCount, chunkOf, cut } from '../data/series.ts';
import type { ChunkScene } from '../draw/plots.ts';
import { drawChunk, drawErrors } from '../draw/plots.ts';
import { countText, smallText } from '../draw/text.ts';
import type { LiveRun } from '../generate/liveRun.ts';
import { timeSample } from '../generate/stream.ts';
import type { Fact } from '../models/facts.ts';
import { modelFacts, parameterCount } from '../models/facts.ts';
import type { LoadedModel } from '../models/loadModel.ts';
import { find } from './find.ts';
import { write } from './liveSection.ts';

/** The card with one training chunk and the prediction over it. */
interface ChunkSection {
  open(model: SequenceModel, series: Series): void;
  redraw(): void;
}

/** @param failed called when a run fails */
export function createChunkSection(failed: (error: unknown) => void): ChunkSection {
  const host = find('chunk-plot', SVGSVGElement);
  const name = find('chunk-name', HTMLOutputElement);
  const summary = find('chunk-summary', HTMLElement);
  const back = find('chunk-back', HTMLButtonElement);
  const on = find('chunk-on', HTMLButtonElement);
  let source: { model: SequenceModel; series: Series } | null = null;
  let index = 0;
  let scene: ChunkScene | null = null;

  async function show(): Promise<void> {
    if (!source) return;
    const { model, series } = source;
    const shownIndex = index;
    const next = await predictChunk(model, series, shownIndex);
    // The user may have chosen another chunk or model meanwhile.
    if (model !== source.model || series !== source.series || shownIndex !== index) return;
    scene = next;
    const { maxAbs, meanSquare } = difference(next.prediction, next.y);
    name.value = `chunk ${countText(index)}`;
    back.disabled = index === 0;
    on.disabled = index + 1 >= chunkCount(series, model.manifest.lag);
    summary.textContent = `${next.x.length} samples of ${series.title}: mean squared error ${smallText(meanSquare)}, largest difference ${smallText(maxAbs)}.`;
    drawChunk(host, next);
  }

  const step = (by: number) => () => {
    index += by;
    show().catch(failed);
  };
  back.addEventListener('click', step(-1));
  on.addEventListener('click', step(1));

  return {
    open(model, series) {
      source = { model, series };
      index = 0;
      scene = null;
      const chunks = chunkCount(series, model.manifest.lag);
      host.closest('section')?.toggleAttribute('hidden', chunks === 0);
      if (chunks > 0) show().catch(failed);
    },
    redraw() {
      if (scene) drawChunk(host, scene);
    },
  };
}

/**
 * The first feature of a chunk and its prediction. If training carried the state from chunk to chunk, the net is also fed all chunks
 * before it.
 */
export async function predictChunk(model: SequenceModel, series: Series, index: number): Promise<ChunkScene> {
  const { lag, net, training } = model.manifest;
  const chunk = chunkOf(series, index, lag);
  const fit = training?.config['training'] as FitConfig['training'] | undefined;
  const start = fit?.carry === false ? chunk.start : 0;
  const time = chunk.start - start + chunk.time;
  const { y } = await model.step(floatTensor([1, time, series.features], cut(series, start, time)));
  const first = (values: Float32Array, width: number): number[] =>
    Array.from({ length: values.length / width }, (_, sample) => values[sample * width]);
  return {
    start: chunk.start,
    x: first(chunk.x, series.features),
    y: first(chunk.y, series.features),
    prediction: first(y.data.subarray(-chunk.time * net.outputs), net.outputs),
  };
}

const betweenDrawsMs = 120;

/** Makes what draws the difference from the truth, at most a few times a second while a generation runs. */
export function createErrorSection(): (run: LiveRun, samples: number, running: boolean) => void {
  const host = find('error-plot', SVGSVGElement);
  const summary = find('error-summary', HTMLElement);
  let drawnAt = -Infinity;
  return (run, samples, running) => {
    const now = performance.now();
    if (now - drawnAt < betweenDrawsMs && running) return;
    drawnAt = now;
    const errors = run.errors.slice(0, run.drawn);
    drawErrors(host, errors, samples);
    const known = errors.filter((error) => !Number.isNaN(error));
    const mean = known.reduce((sum, error) => sum + error, 0) / known.length;
    summary.textContent =
      known.length === 0
        ? 'Nothing to compare yet.'
        : `Mean absolute difference over ${countText(known.length)} samples: ${smallText(mean)}.`;
  };
}

/** Shows the facts of a model. */
export function showFacts({ manifest, loadMs }: LoadedModel, runtime: string): void {
  find('facts-line', HTMLElement).textContent = `${manifest.name}, version ${manifest.version}`;
  const facts: Fact[] = [
    ...modelFacts(manifest),
    { name: 'Runtime', value: runtime },
    { name: 'Loaded', value: `in ${Math.round(loadMs)} ms` },
  ];
  const parts = facts.flatMap(({ name, value, full }) => {
    const term = document.createElement('dt');
    const detail = document.createElement('dd');
    term.textContent = name;
    detail.textContent = value;
    if (full !== undefined) detail.title = full;
    return [term, detail];
  });
  find('facts', HTMLElement).replaceChildren(...parts);
  find('lead', HTMLElement).textContent =
    `Each prediction goes back in as the next input. The net has ${manifest.net.units} units` +
    `${manifest.net.layers > 1 ? ` in each of ${manifest.net.layers} layers` : ''}, ${parameterCount(manifest.net).toLocaleString('en')} parameters, ` +
    'and runs in this page: nothing is sent anywhere.';
}

/** Measures and shows the time per sample. */
export async function showSampleTime(model: LoadedModel, prompt: Float32Array): Promise<void> {
  write('sample-time', smallText(await timeSample(model, prompt)), 'µs');
}

/** The difference between two rows of values. NaN on either side (no truth there) is skipped. */
interface Difference {
  /** Largest absolute difference; NaN when there was nothing to compare. */
  maxAbs: number;
  /** Its index; -1 when there was nothing to compare. */
  at: number;
  meanSquare: number;
}

/** Compares value by value as far as the shorter one goes. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): Difference {
  let maxAbs = NaN;
  let at = -1;
  let squares = 0;
  let count = 0;
  for (let index = 0; index < Math.min(actual.length, expected.length); index++) {
    const distance = Math.abs(actual[index] - expected[index]);
    if (Number.isNaN(distance)) continue;
    squares += distance * distance;
    count++;
    if (!(distance <= maxAbs)) {
      maxAbs = distance;
      at = index;
    }
  }
  return { maxAbs, at, meanSquare: squares / count };
}

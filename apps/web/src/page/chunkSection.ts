import type { FitConfig } from '@onda/contract';
import { floatTensor } from '@onda/runtime';
import type { SequenceModel } from '@onda/runtime';
import { chunkCount, chunkOf } from '../data/chunk.ts';
import { cut } from '../data/series.ts';
import type { Series } from '../data/series.ts';
import { drawChunk } from '../draw/chunkPlot.ts';
import type { ChunkScene } from '../draw/chunkPlot.ts';
import { countText, smallText } from '../draw/text.ts';
import { difference } from '../generate/difference.ts';
import { find } from './find.ts';

/** The card with one training chunk and the prediction over it. */
export interface ChunkSection {
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

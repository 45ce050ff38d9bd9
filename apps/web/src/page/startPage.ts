import { createWorkerRuntime } from '@onda/runtime-web';
import InferenceWorker from '@onda/runtime-web/worker?worker';
import { cut } from '../data/series.ts';
import type { Series } from '../data/series.ts';
import type { LoadedModel } from '../models/loadModel.ts';
import { readModelIndex } from '../models/modelIndex.ts';
import type { ModelEntry } from '../models/modelIndex.ts';
import { createChunkSection } from './chunkSection.ts';
import { createErrorSection } from './errorSection.ts';
import { createExportSection } from './exportSection.ts';
import { showFacts, showSampleTime } from './factsSection.ts';
import { find } from './find.ts';
import { createLiveSection } from './liveSection.ts';
import { createNotice } from './notice.ts';
import { createOwnSection } from './ownSection.ts';
import { followTheme } from './theme.ts';
import { createValuesTable } from './valuesTable.ts';
import { nameTruth } from './words.ts';

/** Starts the page: the list of models, the first model, and everything that follows the running generation. */
export async function startPage(): Promise<void> {
  const runtime = createWorkerRuntime(new InferenceWorker());
  const status = find('status', HTMLElement);
  const select = find('model', HTMLSelectElement);
  let loaded: { model: LoadedModel; series: Series } | null = null;
  let entries: ModelEntry[] = [];

  followTheme();
  createExportSection();
  const notice = createNotice(() => void openChosen());
  const failed = (error: unknown): void => {
    live.close();
    notice.fail(error);
  };
  const drawErrors = createErrorSection();
  const fillTable = createValuesTable();
  const live = createLiveSection({
    drawn: (run, samples, running) => {
      drawErrors(run, samples, running);
      fillTable(run, running);
      find('fed', HTMLElement).textContent = String(run.place.time);
    },
    announce: (text) => {
      status.textContent = text;
    },
    failed,
  });
  const chunk = createChunkSection(failed);
  const own = createOwnSection(
    (series) => {
      show(series);
      find('live', HTMLElement).scrollIntoView();
    },
    () => {
      if (loaded) show(loaded.series);
    },
  );

  function show(series: Series): void {
    if (!loaded) return;
    nameTruth(series);
    chunk.open(loaded.model.sequence, series);
    live.open(loaded.model, series);
  }

  async function openChosen(): Promise<void> {
    live.close();
    notice.wait();
    try {
      if (entries.length === 0) await fillModels();
      const entry = entries[select.selectedIndex];
      await loaded?.model.release();
      loaded = null;
      // With the manifest's validator, more than half of the page's code: fetched while the page is already drawn.
      const { loadModel, loadSeries } = await import('../models/loading.ts');
      const model = await loadModel(entry, runtime);
      const { manifest } = model;
      const series = await loadSeries(manifest);
      loaded = { model, series };
      own.open({
        features: manifest.net.features,
        columns: series.names,
        lag: manifest.lag,
        chunk: series.chunk,
      });
      showFacts(model, runtime.name);
      await showSampleTime(model, cut(series, 0, Math.max(manifest.lag, series.chunk)));
      notice.clear();
      show(series);
    } catch (error) {
      failed(error);
    }
  }

  async function fillModels(): Promise<void> {
    entries = await readModelIndex(new URL(document.baseURI));
    select.replaceChildren(...entries.map(({ name }) => new Option(name, name)));
    const asked = new URLSearchParams(location.search).get('model');
    const index = entries.findIndex(({ name }) => name === asked);
    select.selectedIndex = Math.max(0, index);
    select.disabled = false;
  }

  select.addEventListener('change', () => void openChosen());
  new ResizeObserver(() => {
    live.redraw();
    chunk.redraw();
  }).observe(document.body);
  await openChosen();
}

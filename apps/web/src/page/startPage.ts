import { OndaError } from '@onda/contract';
import { createWorkerRuntime } from '@onda/runtime-web';
import InferenceWorker from '@onda/runtime-web/worker?worker';
import type { Series } from '../data/series.ts';
import { cut } from '../data/series.ts';
import type { LoadedModel } from '../models/loadModel.ts';
import type { ModelEntry } from '../models/modelIndex.ts';
import { readModelIndex } from '../models/modelIndex.ts';
import { createChunkSection, createErrorSection, showFacts, showSampleTime } from './cards.ts';
import { createExportSection } from './exportSection.ts';
import { find } from './find.ts';
import { createLiveSection } from './liveSection.ts';
import { createOwnSection } from './ownSection.ts';
import { createValuesTable } from './valuesTable.ts';

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

/** The text in place of the live picture while there is no picture; styles/hero.css shows and hides it by the state of the body. */
interface Notice {
  wait(): void;
  clear(): void;
  fail(error: unknown): void;
}

/** @param retry called by the button next to a failure */
function createNotice(retry: () => void): Notice {
  const text = find('notice-text', HTMLElement);
  find('retry', HTMLButtonElement).addEventListener('click', retry);

  const show = (state: 'ready' | 'loading' | 'failed'): void => {
    document.body.dataset['state'] = state;
  };
  return {
    wait: () => {
      show('loading');
    },
    clear: () => {
      show('ready');
    },
    fail: (error) => {
      text.textContent = sentence(error);
      show('failed');
    },
  };
}

/** An OndaError is a whole sentence. Any other error is a defect: the text says where to report it. */
function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof OndaError) return `${text}.`;
  return `The page failed unexpectedly: ${text}.`;
}

const key = 'onda-theme';

/** A button switches between light and dark. The choice is stored; the default is the system's. */
function followTheme(): void {
  const root = document.documentElement;
  const chosen = localStorage.getItem(key);
  if (chosen === 'light' || chosen === 'dark') root.dataset['theme'] = chosen;
  find('theme', HTMLButtonElement).addEventListener('click', () => {
    const dark =
      root.dataset['theme'] === undefined
        ? matchMedia('(prefers-color-scheme: dark)').matches
        : root.dataset['theme'] === 'dark';
    root.dataset['theme'] = dark ? 'light' : 'dark';
    localStorage.setItem(key, root.dataset['theme']);
  });
}

/** Names the ground truth in the page's texts, and hides the texts that need one. */
function nameTruth(series: Series): void {
  const sine = series.title === 'sin(t)';
  find('truth-name', HTMLElement).textContent = sine ? 'The true sine' : series.title;
  find('truth-legend', HTMLElement).hidden = !series.truth;
  for (const word of document.querySelectorAll('.truth-word')) {
    word.textContent = sine ? 'the sine' : 'the data';
  }
  for (const part of document.querySelectorAll('.needs-truth')) {
    part.toggleAttribute('hidden', !series.truth);
  }
}

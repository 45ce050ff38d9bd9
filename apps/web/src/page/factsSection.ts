import { smallText } from '../draw/text.ts';
import { timeSample } from '../generate/timeSample.ts';
import { modelFacts, parameterCount } from '../models/facts.ts';
import type { Fact } from '../models/facts.ts';
import type { LoadedModel } from '../models/loadModel.ts';
import { find } from './find.ts';
import { write } from './readouts.ts';

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

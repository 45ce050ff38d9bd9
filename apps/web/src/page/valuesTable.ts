import { valueText } from '../draw/text.ts';
import type { LiveRun } from '../generate/liveRun.ts';
import { find } from './find.ts';

const mostRows = 2000;
const betweenUpdatesMs = 200;

/** One line of the table: a sample of the prompt or of the generation. */
export interface ValueRow {
  /** Counted from the prompt's first. */
  sample: number;
  part: 'fed' | 'net';
  /** One per feature; NaN without a value. */
  truth: number[];
  net: number[];
  difference: number;
}

/** The row of a sample; samples of the prompt have no value of the net. */
export function valueRow(run: LiveRun, sample: number): ValueRow {
  const { time, series } = run.place;
  const features = Array.from({ length: run.features }, (_, feature) => feature);
  const generated = sample - time;
  return {
    sample,
    part: generated < 0 ? 'fed' : 'net',
    truth: features.map((feature) =>
      generated < 0 ? run.prompt[sample * series.features + feature] : run.truth(sample, feature),
    ),
    net: features.map((feature) => (generated < 0 ? NaN : run.value(generated, feature))),
    difference: generated < 0 ? NaN : run.errors[generated],
  };
}

/** Heads of the columns of a run's table. */
export function valueHeads({ place: { series } }: LiveRun): string[] {
  const each = (what: string): string[] =>
    series.names.map((name) => (series.features === 1 ? what : `${what} ${name}`));
  return ['Sample', 'Part', ...each('True'), ...each('Net'), 'Difference'];
}

/** All drawn values as CSV, with the digits that a float32 has. */
export function valuesCsv(run: LiveRun): string {
  const number = (value: number): string => (Number.isNaN(value) ? '' : String(value));
  const lines = Array.from({ length: run.place.time + run.drawn }, (_, sample) => {
    const { part, truth, net, difference } = valueRow(run, sample);
    return [sample, part, ...truth.map(number), ...net.map(number), number(difference)].join(',');
  });
  return [valueHeads(run).join(','), ...lines, ''].join('\n');
}

/** Returns a function that updates the table for a run; it does nothing while the table is closed. */
export function createValuesTable(): (run: LiveRun, running: boolean) => void {
  const details = find('values', HTMLDetailsElement);
  const table = find('values-table', HTMLTableElement);
  const note = find('values-note', HTMLElement);
  const [body] = table.tBodies;
  let current: LiveRun | null = null;
  let shown: LiveRun | null = null;
  let updatedAt = -Infinity;

  function update(run: LiveRun): void {
    if (shown !== run) {
      shown = run;
      body.replaceChildren();
      const head = document.createElement('tr');
      for (const text of valueHeads(run)) head.append(cell('th', text, 'col'));
      table.tHead?.replaceChildren(head);
    }
    const rows = run.place.time + run.drawn;
    const lines: HTMLTableRowElement[] = [];
    for (let sample = body.rows.length; sample < Math.min(rows, mostRows); sample++) {
      lines.push(tableRow(valueRow(run, sample)));
    }
    body.append(...lines);
    note.textContent =
      rows > mostRows ? `The first ${mostRows} of ${rows} rows; the file has all of them.` : '';
  }

  details.addEventListener('toggle', () => {
    if (details.open && current) update(current);
  });
  find('download', HTMLButtonElement).addEventListener('click', () => {
    if (current) download(`${current.place.series.names.join('-')}.csv`, valuesCsv(current));
  });

  return (run, running) => {
    current = run;
    const now = performance.now();
    if (!details.open || (now - updatedAt < betweenUpdatesMs && running && shown === run)) return;
    updatedAt = now;
    update(run);
  };
}

function tableRow(row: ValueRow): HTMLTableRowElement {
  const line = document.createElement('tr');
  line.append(cell('th', String(row.sample), 'row'), cell('td', row.part));
  for (const value of [...row.truth, ...row.net, row.difference]) line.append(cell('td', valueText(value)));
  return line;
}

function cell(name: 'th' | 'td', text: string, scope?: string): HTMLTableCellElement {
  const element = document.createElement(name);
  element.textContent = text;
  if (scope !== undefined) element.scope = scope;
  return element;
}

function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

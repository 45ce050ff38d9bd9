import { drawErrors } from '../draw/errorPlot.ts';
import { countText, smallText } from '../draw/text.ts';
import type { LiveRun } from '../generate/liveRun.ts';
import { find } from './find.ts';

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

import type { Page } from 'playwright-core';

/** A line of the page's table of values. */
export interface DrawnRow {
  sample: number;
  part: string;
  truth: number;
  net: number;
}

/** The drawn values as the page's own table gives them; opens it. */
export async function readTable(page: Page): Promise<DrawnRow[]> {
  if (!(await page.locator('#values').evaluate((details) => (details as HTMLDetailsElement).open))) {
    await page.locator('#values summary').click();
  }
  await page.locator('#values-table tbody tr').first().waitFor();
  const rows = await page
    .locator('#values-table tbody tr')
    .evaluateAll((lines) => lines.map((line) => Array.from(line.children, (cell) => cell.textContent)));
  return rows.map(([sample, part, truth, net]) => ({
    sample: Number(sample),
    part,
    truth: Number(truth),
    net: net === '' ? NaN : Number(net),
  }));
}

/** Values of the picture's own line of the net, read back from its pixels by the labels of the value axis. */
export async function readLine(page: Page): Promise<number[]> {
  const { path, ticks } = await page.locator('#live-plot').evaluate((plot) => ({
    path: plot.querySelector('.generated')?.getAttribute('d') ?? '',
    ticks: Array.from(plot.querySelectorAll('.y-tick'), (tick) => [
      Number(tick.getAttribute('data-value')),
      Number(tick.getAttribute('data-at')),
    ]),
  }));
  const [first, last] = [ticks[0], ticks[ticks.length - 1]];
  const slope = (last[0] - first[0]) / (last[1] - first[1]);
  return path
    .split(/[ML]/)
    .slice(1)
    .map((point) => first[0] + (Number(point.split(' ')[1]) - first[1]) * slope);
}

/** Waits until the generation has drawn all its samples. */
export async function waitForEnd(page: Page): Promise<void> {
  await page
    .locator('#status')
    .filter({ hasText: /^Done: / })
    .waitFor({ timeout: 30_000 });
}

/** Sets a number field as a user does. */
export async function setField(page: Page, name: string, value: number): Promise<void> {
  const field = page.getByLabel(name, { exact: true });
  await field.fill(String(value));
  await field.press('Enter');
  await field.blur();
}

import { describe, expect, it } from 'vitest';
import { setupTable } from './report.mjs';

describe(setupTable, () => {
  it('lines up what it found, and says below what is missing, what that costs and how to get it', () => {
    const table = setupTable([
      {
        part: 'TensorFlow',
        state: 'brought in',
        detail: '2.15.1',
        megabytes: 693,
        downloadedMegabytes: 207,
        seconds: 6.6,
      },
      {
        part: 'Chromium',
        state: 'missing',
        detail: 'no Chromium was found',
        cost: 'Left out.',
        remedy: 'get one',
        seconds: 0,
      },
    ]);
    expect(table).toBe(
      [
        'part        state       MB got  MB on disk  seconds  what',
        'TensorFlow  brought in     207         693      6.6  2.15.1',
        'Chromium    missing                             0.0  no Chromium was found',
        '',
        'Chromium: no Chromium was found.',
        '  Left out.',
        '  Remedy: get one; then: npm run setup',
      ].join('\n'),
    );
  });
});

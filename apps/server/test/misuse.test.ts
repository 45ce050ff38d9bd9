import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemsOf } from './misuse/measureMisuse.ts';
import { MisusedService, misuseCases } from './misuse/misuseSuite.ts';

let service: MisusedService;
beforeAll(async () => {
  service = await MisusedService.start();
});
afterAll(() => service.stop());

// `npm run fuzz` sends more, and prints the figures.
const SHARE = 1 / 4;

describe.each([
  ['with a token', true],
  ['without a token', false],
])('misuse %s', (_name, authenticated) => {
  it.each(misuseCases)('costs linear time and bounded memory: $name', { timeout: 60_000 }, async (misuse) => {
    expect(problemsOf(await service.measure(misuse, authenticated, SHARE))).toEqual([]);
    expect(service.process.process.exitCode).toBeNull();
    expect(service.process.stderr()).not.toContain('    at ');
  });
});

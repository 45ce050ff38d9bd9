import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from './fuzz/fuzz.ts';
import { fuzzOptions, mostGrowth } from './fuzz/fuzzService.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let service: ServiceProcess;
beforeAll(async () => {
  service = await startService(undefined, fuzzOptions);
});
afterAll(async () => {
  await service.stop();
});

// 100,000 of them: `npm run fuzz`.
describe('malformed requests', () => {
  it('are rejected with documented errors, over HTTP and gRPC, and change nothing', async () => {
    const { problems, memory, ends } = await fuzz(service, 3000, 1);
    expect([...new Set(problems)].slice(0, 5)).toEqual([]);
    // Some of the odd ones are right after all; most must not be.
    expect(ends['http 400']).toBeGreaterThan(500);
    expect(ends['grpc 3']).toBeGreaterThan(100);
    expect(memory.late).toBeLessThan(memory.early + mostGrowth);
  }, 120_000);
});

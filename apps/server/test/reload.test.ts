import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { floatTensor } from '@onda/runtime';
import { createWorkerRuntime } from '@onda/runtime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepRepository, putModel } from './support/modelFolders.ts';
import { post } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';
import { sumConfig } from './support/sumModel.ts';
import type { SumAnswer } from './support/sumModel.ts';

/** 100 for the whole run; less here, to keep the tests short. */
const RELOADS = Number(process.env.ONDA_RELOADS ?? 20);

let folder: string;
let service: ServiceProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-reload-'));
  service = undefined;
});
afterEach(async () => {
  await service?.stop();
  await rm(folder, { recursive: true });
});

/** Puts a version beside the others as a careful author does: whole, by a rename. */
async function release(name: string, version: number, file: string): Promise<void> {
  const staging = join(folder, '.staging');
  await putModel(staging, name, version, file);
  await rename(join(staging, name, String(version)), join(folder, name, String(version)));
}

describe('reload under load', () => {
  it(`answers every request from exactly one version through ${RELOADS} reloads`, async () => {
    await putModel(folder, 'plus', 1, 'plus1', 'dynamic_batching { }');
    // As the service has it: loading and running take turns on the worker's thread.
    const runtime = await createWorkerRuntime({ provider: 'cpu' });
    const { repository, keeper, warnings } = await keepRepository(folder, { runtime });
    await keeper.open('poll');
    let stopped = false;
    let answers = 0;
    const seen = new Set<string>();
    const failures: unknown[] = [];
    const ask = async (value: number): Promise<void> => {
      while (!stopped) {
        const model = repository.find('plus', undefined);
        model.stats.active++;
        try {
          const { y } = await model.batcher.run({ x: floatTensor([1, 2], [value, -value]) }, ['y']);
          // Version v holds file 1 + (v - 1) % 3: an answer names it, and no other one will do.
          const number = 1 + ((Number(model.version) - 1) % 3);
          expect([...(y.data as Float32Array)]).toEqual([value + number, number - value]);
          seen.add(model.version);
          answers++;
        } catch (error) {
          failures.push(error);
        } finally {
          model.stats.active--;
        }
      }
    };
    const clients = Array.from({ length: 8 }, (_, value) => ask(value));
    for (let version = 2; version <= RELOADS + 1; version++) {
      await release('plus', version, `plus${1 + ((version - 1) % 3)}`);
      await keeper.poll();
      await keeper.releaseUnused();
    }
    stopped = true;
    await Promise.all(clients);
    await keeper.releaseUnused();
    await runtime.close();
    expect(failures).toEqual([]);
    expect(warnings).toEqual([]);
    expect(seen.size).toBeGreaterThan(RELOADS / 2);
    expect(answers).toBeGreaterThan(RELOADS);
    expect(repository.held.map(({ version }) => version)).toEqual([String(RELOADS + 1)]);
  });

  it('does so over HTTP, and leaves a sequence on the version that it began on', async () => {
    await putModel(folder, 'adds', 1, 'adds1', sumConfig('latest { num_versions: 1 }'));
    service = await startService(folder, ['--model-control', 'poll']);
    const { url } = service;
    const step = (id: number, more: object = {}): Promise<{ status: number; body: SumAnswer }> =>
      post<SumAnswer>(`${url}/v2/models/adds/infer`, {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [0] }],
        outputs: [{ name: 'y' }],
        parameters: { sequence_id: id, ...more },
      });
    const begun = await step(1, { sequence_start: true });
    expect(begun.body).toMatchObject({ model_version: '1', outputs: [{ data: [1] }] });
    await release('adds', 2, 'adds2');

    let steps = 1;
    let version = '1';
    for (let id = 2; version === '1'; id++) {
      // While both versions come and go, sequences begin, live and end on one of them.
      const [first, old] = [await step(id, { sequence_start: true }), await step(1)];
      steps++;
      version = first.body.model_version;
      expect([first.status, old.status]).toEqual([200, 200]);
      expect(first.body.outputs[0].data).toEqual([Number(version)]);
      expect(old.body).toMatchObject({ model_version: '1', outputs: [{ data: [steps] }] });
      const second = await step(id, { sequence_end: true });
      expect(second.body).toMatchObject({
        model_version: version,
        outputs: [{ data: [2 * Number(version)] }],
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(version).toBe('2');
    const old = await step(1, { sequence_end: true });
    expect(old.body).toMatchObject({ model_version: '1', outputs: [{ data: [steps + 1] }] });
    // Its id may begin again, on the new version.
    const again = await step(1, { sequence_start: true });
    expect(again.body).toMatchObject({ model_version: '2', outputs: [{ data: [2] }] });
    expect(service.stderr()).toContain('model "adds" serves version 2');
  });
});

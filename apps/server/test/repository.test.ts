import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { floatTensor } from '@onda/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ModelRepository } from '@onda/serving';
import { keepRepository, putModel } from './support/modelFolders.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-repository-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** y for x 0, which is the number of the file that answered. */
async function answer(repository: ModelRepository, name: string, version?: string): Promise<number> {
  const { batcher } = repository.find(name, version);
  const { y } = await batcher.run({ x: floatTensor([1, 2], [0, 0]) }, ['y']);
  return Number(y.data[0]);
}

function versionsOf(repository: ModelRepository): string[] {
  return repository.served.map(({ version }) => version);
}

describe.skipIf(process.getuid?.() === 0)('a folder that may not be read', () => {
  it('is named in one sentence, and the others serve', async () => {
    await putModel(folder, 'plus', 1, 'plus1');
    await putModel(folder, 'closed', 1, 'plus1');
    await chmod(join(folder, 'closed/1'), 0);
    const { repository, keeper, warnings } = await keepRepository(folder);
    await keeper.open('none');
    await chmod(join(folder, 'closed/1'), 0o755);
    expect(warnings).toEqual([
      `model "closed" did not load: ${folder}/closed/1: the folder cannot be read; grant this user read permission`,
    ]);
    expect(await answer(repository, 'plus')).toBe(1);
  });
});

describe('versions', () => {
  beforeEach(async () => {
    for (const number of [1, 2, 3]) await putModel(folder, 'plus', number, `plus${number}`);
  });

  it.each<[policy: string | undefined, versions: string[]]>([
    [undefined, ['3']],
    ['latest { num_versions: 2 }', ['3', '2']],
    ['all {}', ['3', '2', '1']],
    ['specific { versions: [ 1, 3 ] }', ['3', '1']],
    ['specific: { versions: 2 }', ['2']],
  ])('serves those of the policy %s', async (policy, versions) => {
    if (policy !== undefined) {
      await writeFile(join(folder, 'plus', 'config.pbtxt'), `version_policy: { ${policy} }`);
    }
    const { repository, keeper } = await keepRepository(folder);
    await keeper.open('none');
    expect(versionsOf(repository)).toEqual(versions);
    for (const version of versions) expect(await answer(repository, 'plus', version)).toBe(Number(version));
    expect(await answer(repository, 'plus')).toBe(Math.max(...versions.map(Number)));
  });

  it('lists the existing versions in the error for another version', async () => {
    await writeFile(join(folder, 'plus', 'config.pbtxt'), 'version_policy { latest { num_versions: 2 } }');
    const { repository, keeper } = await keepRepository(folder);
    await keeper.open('none');
    expect(() => repository.find('plus', '1')).toThrow(
      'model "plus": expected one of the served versions 3, 2, got "1"; use one of them or omit the version',
    );
  });

  it('rejects a policy with a missing version', async () => {
    await writeFile(join(folder, 'plus', 'config.pbtxt'), 'version_policy { specific { versions: 7 } }');
    const { keeper } = await keepRepository(folder);
    await expect(keeper.open('none')).rejects.toThrow(
      `models folder ${folder}: no model loads: ${folder}/plus/config.pbtxt: version_policy: expected versions among 3, 2, 1, got 7; correct it or add the version`,
    );
  });
});

describe('following the folder', () => {
  it('serves what comes, changes and goes, and loads nothing that stayed as it was', async () => {
    await putModel(folder, 'a', 1, 'plus1');
    const { repository, keeper, changes, warnings } = await keepRepository(folder);
    await keeper.open('poll');
    const first = repository.find('a', undefined);
    await keeper.poll();
    expect(repository.find('a', undefined)).toBe(first);

    await putModel(folder, 'b', 1, 'plus2');
    await putModel(folder, 'a', 2, 'plus3');
    await keeper.poll();
    expect([await answer(repository, 'a'), await answer(repository, 'b')]).toEqual([3, 2]);

    // The same version with other bytes.
    await putModel(folder, 'b', 1, 'plus1');
    await keeper.poll();
    expect(await answer(repository, 'b')).toBe(1);

    await rm(join(folder, 'a'), { recursive: true });
    await keeper.poll();
    expect(() => repository.find('a', undefined)).toThrow('the service has no such model');
    expect(changes).toEqual([
      'model "a" serves version 2',
      'model "b" serves version 1',
      'model "b" serves version 1',
      'model "a" was unloaded',
    ]);
    expect(warnings).toEqual([]);
  });

  it('keeps what answers when the new version does not load, says so once, and takes it when it is mended', async () => {
    await putModel(folder, 'a', 1, 'plus1');
    const { repository, keeper, warnings } = await keepRepository(folder);
    await keeper.open('poll');
    await putModel(folder, 'a', 2, 'foreignOperator');
    await keeper.poll();
    await keeper.poll();
    expect(await answer(repository, 'a')).toBe(1);
    expect(warnings).toEqual([
      `model "a" did not load (version 1 stays): ${folder}/a/2: model.onnx: the model has an operator that the service does not allow: "evil.example:Steal"; export the model without such operators, or add operators that you trust to the allowed operators`,
    ]);
    expect(await keeper.index()).toEqual([
      {
        name: 'a',
        version: '1',
        state: 'READY',
        reason: expect.stringContaining('evil.example:Steal') as string,
      },
    ]);
    await putModel(folder, 'a', 2, 'plus2');
    await keeper.poll();
    expect(await answer(repository, 'a')).toBe(2);
    expect(await keeper.index()).toEqual([{ name: 'a', version: '2', state: 'READY', reason: '' }]);
  });

  it('may begin with an empty folder, and says why if nothing can come into it', async () => {
    const { repository, keeper } = await keepRepository(folder);
    await expect(keeper.open('none')).rejects.toThrow('expected a folder for each model, found none');
    await keeper.open('poll');
    await putModel(folder, 'a', 1, 'plus1');
    await keeper.poll();
    expect(await answer(repository, 'a')).toBe(1);
  });

  it('frees a version once no request and no sequence is on it', async () => {
    await putModel(folder, 'a', 1, 'plus1');
    const { repository, keeper } = await keepRepository(folder);
    await keeper.open('poll');
    const old = repository.find('a', undefined);
    old.stats.active++;
    await putModel(folder, 'a', 2, 'plus2');
    await keeper.poll();
    await keeper.releaseUnused();
    expect(repository.held).toContain(old);
    await old.batcher.run({ x: floatTensor([1, 2], [0, 0]) }, ['y']);
    old.stats.active--;
    // Another process has begun one since the last look.
    const count = vi.spyOn(old.sequences.store, 'count').mockResolvedValue(1);
    await keeper.releaseUnused();
    expect(repository.held).toContain(old);
    count.mockRestore();
    await keeper.releaseUnused();
    expect(repository.held).not.toContain(old);
    await expect(old.batcher.run({ x: floatTensor([1, 2], [0, 0]) }, ['y'])).rejects.toThrow(
      'the session was released',
    );
  });
});

describe('loading by calls', () => {
  it('loads, reloads, unloads and lists models on request', async () => {
    await putModel(folder, 'a', 1, 'plus1');
    await putModel(folder, 'b', 1, 'plus2');
    await mkdir(join(folder, 'c'));
    const { repository, keeper } = await keepRepository(folder);
    await keeper.open('explicit', ['b']);
    expect(repository.served.map(({ name }) => name)).toEqual(['b']);
    await keeper.load('a');
    expect(await answer(repository, 'a')).toBe(1);
    await expect(keeper.load('c')).rejects.toThrow(
      `${folder}/c: expected a version folder such as ${folder}/c/1`,
    );
    await keeper.unload('b');
    expect(await keeper.index()).toEqual([
      { name: 'a', version: '1', state: 'READY', reason: '' },
      { name: 'b', version: '', state: '', reason: '' },
      {
        name: 'c',
        version: '',
        state: 'UNAVAILABLE',
        reason: expect.stringContaining('found none') as string,
      },
    ]);
    expect(await keeper.index(true)).toHaveLength(1);
  });

  it.each(['../a', '/etc', '.', 'nothing'])('has no model %j', async (name) => {
    await putModel(folder, 'a', 1, 'plus1');
    const { keeper } = await keepRepository(folder);
    await keeper.open('explicit');
    const text = `model ${JSON.stringify(name)}: the repository has no such folder; add the model first`;
    await expect(keeper.load(name)).rejects.toThrow(text);
    await expect(keeper.unload(name)).rejects.toThrow('the service has no such model');
  });
});

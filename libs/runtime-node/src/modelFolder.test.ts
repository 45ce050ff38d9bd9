import { cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelError } from '@onda/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readModelFolder } from './modelFolder.ts';

const fixture = fileURLToPath(new URL('../../../examples/models/lagged-sine', import.meta.url));
let repository: string;
let folder: string;

beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'onda-model-'));
  folder = join(repository, 'lagged-sine');
  await cp(fixture, folder, { recursive: true });
});
afterEach(() => rm(repository, { recursive: true }));

async function changeManifest(
  version: string,
  change: (manifest: Record<string, unknown>) => void,
): Promise<void> {
  const path = join(folder, version, 'onda.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

describe(readModelFolder, () => {
  it('reads the manifest and the files it lists, with their hashes', async () => {
    const model = await readModelFolder(folder);
    expect(model.name).toBe('lagged-sine');
    expect(model.version).toBe(1);
    expect([...model.files.keys()]).toEqual(['onda.json', 'model.onnx', 'generator.onnx']);
    expect(model.files.get('model.onnx')?.sha256).toBe(model.manifest.files['model.onnx'].sha256);
  });

  it('takes the newest version by number, or the requested one', async () => {
    for (const version of [2, 10]) {
      await cp(join(folder, '1'), join(folder, String(version)), { recursive: true });
      await changeManifest(String(version), (manifest) => (manifest.version = version));
    }
    expect((await readModelFolder(folder)).version).toBe(10);
    expect((await readModelFolder(folder, 2)).version).toBe(2);
  });

  it('rejects a folder without config.pbtxt', async () => {
    await rm(join(folder, 'config.pbtxt'));
    await expect(readModelFolder(folder)).rejects.toThrow(
      new ModelError(
        `${folder}/config.pbtxt: expected a file, found none; pass the folder of an exported model`,
      ),
    );
  });

  it('rejects a folder without a version', async () => {
    await rename(join(folder, '1'), join(folder, '01'));
    await expect(readModelFolder(folder)).rejects.toThrow(
      `${folder}: expected a version folder such as ${folder}/1, found none; export the model into it`,
    );
  });

  it('rejects a missing version', async () => {
    await expect(readModelFolder(folder, 7)).rejects.toThrow(
      `${folder}/7/onda.json: expected a file, found none; pass the folder of an exported model`,
    );
  });

  it('rejects a damaged model file', async () => {
    const bytes = await readFile(join(folder, '1', 'model.onnx'));
    bytes[100] ^= 1;
    await writeFile(join(folder, '1', 'model.onnx'), bytes);
    await expect(readModelFolder(folder)).rejects.toThrow(
      /^.*\/1\/model\.onnx: expected SHA-256 [0-9a-f]{12}… \(\d+ bytes\) according to the manifest, got [0-9a-f]{12}… \(\d+ bytes\); the file is damaged or changed, export or copy it again$/,
    );
  });

  it('rejects a manifest that is not JSON, and one with an unknown key', async () => {
    await changeManifest('1', (manifest) => (manifest.extra = 1));
    await expect(readModelFolder(folder)).rejects.toThrow(
      `${folder}/1/onda.json: extra: unknown key; remove it or correct its name; export the model again`,
    );
    await writeFile(join(folder, '1', 'onda.json'), '{');
    await expect(readModelFolder(folder)).rejects.toThrow(
      `${folder}/1/onda.json: expected JSON, got something else; export the model again`,
    );
  });

  it('rejects a manifest of another model or version', async () => {
    await changeManifest('1', (manifest) => (manifest.name = 'other'));
    await expect(readModelFolder(folder)).rejects.toThrow(
      `${folder}/1/onda.json: expected model lagged-sine version 1 like the folders, got other version 1; restore the folder name or export the model again`,
    );
  });

  it('rejects a manifest without the hash of a file it needs', async () => {
    await changeManifest('1', (manifest) => (manifest.files = {}));
    await expect(readModelFolder(folder)).rejects.toThrow(
      `${folder}/1/onda.json: expected a hash for model.onnx in "files", found none; export the model again`,
    );
  });

  it('rejects a link in place of a file', async () => {
    await rm(join(folder, '1', 'model.onnx'));
    await symlink(join(fixture, '1', 'model.onnx'), join(folder, '1', 'model.onnx'));
    await expect(readModelFolder(folder)).rejects.toThrow(
      `${folder}/1/model.onnx: expected a file inside ${repository}, found a link that leads out of it; copy the file there`,
    );
  });
});

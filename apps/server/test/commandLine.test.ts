import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getJson, inferRequest, post, sines } from './support/requests.ts';
import type { InferBody } from './support/requests.ts';
import { exampleModels, exitOf, runCommand, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let folder: string;
let service: ServiceProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-models-'));
});
afterEach(async () => {
  if (service?.process.exitCode === null) await service.stop();
  service = undefined;
  await rm(folder, { recursive: true });
});

async function copyExample(name: string): Promise<string> {
  await cp(join(exampleModels, 'lagged-sine'), join(folder, name), { recursive: true });
  return join(folder, name);
}

describe('serve with invalid arguments', () => {
  it('rejects a missing folder', async () => {
    const { code, stdout, stderr } = await runCommand(['serve', '--models', join(folder, 'none')]);
    expect(stderr).toBe(
      `models folder ${folder}/none: expected a folder with models, found none; pass the folder that \`npm run fit\` or \`npm run export\` wrote to\n`,
    );
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('refuses a folder without models', async () => {
    const { code, stderr } = await runCommand(['serve', '--models', folder]);
    expect(stderr).toBe(
      `models folder ${folder}: expected a folder for each model, found none; pass the parent folder of the models, or export a model into it\n`,
    );
    expect(code).toBe(2);
  });

  it('rejects a folder if no model in it loads', async () => {
    await mkdir(join(folder, 'empty'));
    const { code, stderr } = await runCommand(['serve', '--models', folder]);
    expect(stderr).toBe(
      `models folder ${folder}: no model loads: ${folder}/empty: expected a version folder such as ${folder}/empty/1, found none; export the model into it\n`,
    );
    expect(code).toBe(2);
  });

  it.each<[args: string[], message: string]>([
    [
      ['serve'],
      '--models: expected a value, got none; give --models dir, ONDA_SERVE_MODELS, or models in the file of --config\n',
    ],
    [
      ['serve', '--models', '.', '--load-model', 'x'],
      '--load-model: expected --model-control explicit, got none, which loads all models; use both or neither\n',
    ],
    [['serve', '--models', '.', '--rest-port', '1'], "error: unknown option '--rest-port'\n"],
    [
      ['serve', '--models', '.', '--http-port', '70000'],
      '--http-port: expected a whole number from 0 to 65535, got 70000; correct it, or leave it out for 8000\n',
    ],
  ])('refuses %j in one sentence', async (args, message) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: message });
  });

  it.skipIf(existsSync('/dev/nvidia0'))('refuses CUDA where it cannot be had', async () => {
    const { code, stderr } = await runCommand(['serve', '--models', exampleModels, '--provider', 'cuda']);
    expect(stderr).toMatch(/^provider cuda: .*npm run setup -- --cuda, or use the provider cpu\n$/);
    expect(code).toBe(2);
  });

  it('rejects a port in use', async () => {
    service = await startService();
    const { code, stderr } = await runCommand([
      'serve',
      '--models',
      exampleModels,
      '--http-port',
      String(service.port),
    ]);
    expect(stderr).toBe(
      `cannot listen on 127.0.0.1 port ${service.port}: another program uses it; choose another --http-port, or 0 for a free port\n`,
    );
    expect(code).toBe(2);
  });
});

describe('serve', () => {
  it('serves the models that load, and reports the one that does not', async () => {
    const good = await copyExample('lagged-sine');
    const damaged = await copyExample('damaged');
    const manifest = await readFile(join(good, '1', 'onda.json'), 'utf8');
    await writeFile(join(damaged, '1', 'onda.json'), manifest.replace('"lagged-sine"', '"damaged"'));
    const config = await readFile(join(good, 'config.pbtxt'), 'utf8');
    await writeFile(join(damaged, 'config.pbtxt'), config.replace('"lagged-sine"', '"damaged"'));
    await writeFile(join(damaged, '1', 'model.onnx'), 'not a model');

    service = await startService(folder);
    expect(service.ready.models.map((model) => model.name)).toEqual(['lagged-sine']);
    const { sha256, bytes } = (
      JSON.parse(manifest) as { files: Record<string, { sha256: string; bytes: number }> }
    ).files['model.onnx'];
    expect(service.stderr()).toContain(
      `model "damaged" did not load: ${damaged}/1/model.onnx: expected SHA-256 ${sha256.slice(0, 12)}… (${bytes} bytes) according to the manifest, got`,
    );
    const models = `${service.url}/v2/models`;
    expect((await getJson(models)).body).toEqual({
      models: [
        { name: 'lagged-sine', version: '1', ready: true, generate: true },
        { name: 'damaged', version: null, ready: false, generate: false },
      ],
    });
    const answer = await post(`${models}/damaged/infer`, inferRequest([0]));
    expect(answer.status).toBe(503);
    expect(answer.body.error).toBe('model "damaged" did not load; the service\'s log has the reason');
    expect((await getJson(`${models}/damaged/ready`)).status).toBe(503);
    expect((await post<InferBody>(`${models}/lagged-sine/infer`, inferRequest([0]))).status).toBe(200);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('answers what it has at %s, then ends with 0', async (signal) => {
    service = await startService();
    const url = `${service.url}/v2/models/lagged-sine/generate`;
    const running = post<{ values: number[] }>(url, { prompt: sines(20), samples: 100_000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    service.process.kill(signal);
    const answer = await running;
    expect(answer.status).toBe(200);
    expect(answer.body.values).toHaveLength(100_000);
    expect(await exitOf(service.process)).toBe(0);
    expect(service.stderr()).toMatch(/Shutting down: draining in-flight requests\.\n$/);
    await expect(fetch(url)).rejects.toThrow();
  });
});

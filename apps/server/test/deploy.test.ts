import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readOptions } from '../src/config/readOptions.ts';
import { inferRequest, post } from './support/requests.ts';
import type { InferBody } from './support/requests.ts';
import { exampleModels, exitOf } from './support/service.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const deploy = join(root, 'deploy');
const checker = fileURLToPath(new URL('python/check_deploy.py', import.meta.url));
const python = process.env.ONDA_DEPLOY_PYTHON;
const haproxy = process.env.ONDA_HAPROXY;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-deploy-'));
});
afterEach(() => rm(folder, { recursive: true }));

const read = (file: string): Promise<string> => readFile(join(deploy, file), 'utf8');

interface Manifest {
  kind: string;
  data?: Record<string, string>;
  spec?: {
    ingress?: { from: { podSelector: { matchLabels: object } }[] }[];
    predictor?: { labels: object };
    template?: { metadata: { labels: object }; spec: { terminationGracePeriodSeconds: number } };
  };
}

async function manifests(file: string): Promise<Manifest[]> {
  return parseAllDocuments(await read(file)).map((document) => document.toJS() as Manifest);
}

async function dataOf(file: string, name: string): Promise<string> {
  const found = (await manifests(file)).find(({ data }) => data?.[name] !== undefined);
  return found?.data?.[name] ?? '';
}

// Locally they may be missing; with CI=true the set-up fails without them.
describe.skipIf(python === undefined)('the files of deploy/', () => {
  const check = (place: string): string[] => {
    const { stdout, stderr } = spawnSync(python ?? '', [checker, place], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  };

  it(
    'hold the schemas of the tools that read them, and a slip in any is seen',
    { timeout: 120_000 },
    async () => {
      const lines = check(deploy);
      expect(lines.filter((line) => !line.endsWith(': ok'))).toEqual([]);
      expect(lines.length).toBeGreaterThan(15);

      const copy = join(folder, 'deploy');
      await cp(deploy, copy, { recursive: true });
      const slips: [file: string, right: string, wrong: string][] = [
        ['compose.yaml', 'condition: service_healthy', 'condition: service_well'],
        ['Dockerfile', 'USER 65532:65532', 'RUN sudo true'],
        ['kubernetes/onda.yaml', 'containerPort: 8002', 'containerport: 8002'],
        ['kubernetes/redis.yaml', 'replicas: 1', 'replicas: one'],
        ['kserve/onda.yaml', 'minReplicas: 2', 'minimumReplicas: 2'],
        ['kserve/triton-stateless.yaml', 'storageUri:', 'storageURI:'],
      ];
      for (const [file, right, wrong] of slips) {
        const text = await read(file);
        expect(text).toContain(right);
        await writeFile(join(copy, file), text.replace(right, wrong));
      }
      const seen = check(copy).filter((line) => !line.endsWith(': ok'));
      for (const [file] of slips) expect(seen.some((line) => line.startsWith(file))).toBe(true);
    },
  );
});

describe.skipIf(haproxy === undefined)('the balancers of deploy/', () => {
  it.each(['haproxy.cfg', 'kubernetes/triton-sticky.yaml'])('%s is read by HAProxy', async (file) => {
    const config = file.endsWith('.cfg') ? await read(file) : await dataOf(file, 'haproxy.cfg');
    expect(config).toContain('frontend http');
    await writeFile(join(folder, 'haproxy.cfg'), config);
    const { status, stderr } = spawnSync(haproxy ?? '', ['-c', '-f', join(folder, 'haproxy.cfg')], {
      encoding: 'utf8',
      env: { ...process.env, NAMESPACE: 'default' },
    });
    expect(stderr).not.toContain('[ALERT]');
    expect(status).toBe(0);
  });
});

describe('the options in deploy/', () => {
  it('are taken by the service: compose and Dockerfile', async () => {
    const compose = parse(await read('compose.yaml'), { merge: true }) as {
      services: Record<string, { environment?: Record<string, string> }>;
    };
    const image = Object.fromEntries(
      Array.from((await read('Dockerfile')).matchAll(/(ONDA_SERVE_\w+)=(\S+)/g), ([, name, value]) => [
        name,
        value,
      ]),
    );
    const env = { ...image, ...compose.services['onda-1'].environment };
    expect(await readOptions({ flags: {}, env })).toMatchObject({
      models: '/models',
      host: '0.0.0.0',
      metricsHost: '0.0.0.0',
      state: 'redis://redis:6379',
      drainDelayMs: 5000,
    });
  });

  it('are taken by the service: Kubernetes', async () => {
    const config = join(folder, 'serve.yaml');
    await writeFile(config, await dataOf('kubernetes/onda.yaml', 'serve.yaml'));
    expect(await readOptions({ flags: { config }, env: {} })).toMatchObject({
      models: '/models',
      state: 'redis://onda-redis:6379',
      tokens: '/etc/onda/tokens/tokens',
      logFormat: 'json',
    });
  });
});

describe('the parts of deploy/', () => {
  it('may reach Redis where they keep their sequences in it', async () => {
    const policy = (await manifests('kubernetes/redis.yaml')).find(({ kind }) => kind === 'NetworkPolicy');
    const [{ from }] = policy?.spec?.ingress ?? [{ from: [] }];
    const label = from[0].podSelector.matchLabels;
    const deployment = (await manifests('kubernetes/onda.yaml')).find(({ kind }) => kind === 'Deployment');
    expect(deployment?.spec?.template?.metadata.labels).toMatchObject(label);
    const service = (await manifests('kserve/onda.yaml')).find(({ kind }) => kind === 'InferenceService');
    expect(service?.spec?.predictor?.labels).toMatchObject(label);
  });

  it('have the CUDA that the provider is linked with', async () => {
    const libraries = await readFile(join(root, 'tools/setup/src/cuda.ts'), 'utf8');
    const [, cuda] = /libcudart\.so\.(\d+)/.exec(libraries) ?? [];
    const [, image] = /FROM nvidia\/cuda:(\d+)\.\S*-cudnn-runtime-/.exec(await read('Dockerfile')) ?? [];
    expect([cuda, image]).toEqual(['13', '13']);
  });

  it('give the orchestrator more time than the drain takes', async () => {
    const { spec } =
      (await manifests('kubernetes/onda.yaml')).find(({ kind }) => kind === 'Deployment') ?? {};
    const options = parse(await dataOf('kubernetes/onda.yaml', 'serve.yaml')) as Record<string, number>;
    const drain = options['drain-delay-ms'] / 1000 + options['drain-s'];
    expect(spec?.template?.spec.terminationGracePeriodSeconds).toBeGreaterThan(drain);
  });
});

describe('the image', () => {
  it('holds all that the server runs on', { timeout: 60_000 }, async () => {
    const dockerfile = await read('Dockerfile');
    const image = join(folder, 'image');
    expect(dockerfile).toContain('&& npm run build:server -- image');
    execFileSync('npm', ['run', '--silent', 'build:server', '--', image, '--no-web'], { cwd: root });
    const [, entry] = /ENTRYPOINT (\[.*\])\n$/.exec(dockerfile) ?? [];
    const [command, ...args] = (JSON.parse(entry) as string[]).map((part) => part.replace('/onda', image));
    const env = Object.fromEntries(
      Array.from(dockerfile.matchAll(/(ONDA_SERVE_\w+)=(\S+)/g), ([, name, value]) => [name, value]),
    );
    const child = spawn(command, args, {
      cwd: image,
      env: {
        PATH: process.env.PATH,
        ...env,
        ONDA_SERVE_MODELS: exampleModels,
        ...{ ONDA_SERVE_HTTP_PORT: '0', ONDA_SERVE_GRPC_PORT: '0', ONDA_SERVE_METRICS_PORT: '0' },
        ONDA_SERVE_HOST: '127.0.0.1',
        ONDA_SERVE_JSON: 'true',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = exitOf(child);
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (data: Buffer) => {
        resolve(data.toString());
      });
      child.once('exit', reject);
    });
    const { http } = JSON.parse(line) as { http: string };
    const answer = await post<InferBody>(`${http}/v2/models/lagged-sine/infer`, inferRequest([0.5]));
    expect([answer.status, answer.body.outputs[0].data]).toEqual([200, [expect.any(Number)]]);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});

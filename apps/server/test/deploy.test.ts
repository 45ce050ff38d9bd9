import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readOptions } from '../src/cli/readOptions.ts';
import { timeouts } from '../src/limits.ts';
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

interface Container {
  name?: string;
  image: string;
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
  ports?: { name: string; containerPort: number }[];
  resources?: { limits: { memory: string } };
  volumeMounts?: { name: string; mountPath: string }[];
}

interface Probe {
  httpGet: { path: string; port: string; scheme?: string };
}

interface Manifest {
  kind: string;
  data?: Record<string, string>;
  spec?: {
    ingress?: {
      from: { podSelector?: { matchLabels?: object }; namespaceSelector?: object }[];
      ports: { port: number }[];
    }[];
    podSelector?: { matchLabels: object };
    ports?: { name: string; port: number }[];
    predictor?: { labels: object };
    containers?: Container[];
    template?: {
      metadata: { labels: object };
      spec: {
        terminationGracePeriodSeconds: number;
        containers: Container[];
        volumes?: { name: string; secret?: { secretName: string } }[];
      };
    };
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
      state: 'redis://redis:6379',
      drainDelayMs: 5000,
    });
  });

  it('are taken by the service: Kubernetes', async () => {
    const config = join(folder, 'serve.yaml');
    await writeFile(config, await dataOf('kubernetes/onda.yaml', 'serve.yaml'));
    expect(await readOptions({ flags: { config }, env: {} })).toMatchObject({
      models: '/models',
      tokens: '/etc/onda/tokens/tokens',
      logFormat: 'json',
    });
  });
});

describe('the TLS of deploy/', () => {
  it('is read from the mounted secret by the service, and by the probes', async () => {
    const [patch] = await manifests('kubernetes/onda-tls.yaml');
    const { containers = [], volumes = [] } = patch.spec?.template?.spec ?? {};
    const [{ name, env = [], volumeMounts = [], ...probes }] = containers;
    const [deployment] = (await manifests('kubernetes/onda.yaml')).filter(
      ({ kind }) => kind === 'Deployment',
    );
    expect(deployment.spec?.template?.spec.containers.map((container) => container.name)).toEqual([name]);
    const given = Object.fromEntries(env.map(({ name: variable, value }) => [variable, value]));
    const { tlsCert, tlsKey } = await readOptions({ flags: { models: 'm' }, env: given });
    const [{ mountPath, name: volume }] = volumeMounts;
    // The names of a secret of the type kubernetes.io/tls.
    expect([tlsCert, tlsKey]).toEqual([`${mountPath}/tls.crt`, `${mountPath}/tls.key`]);
    expect(volumes).toMatchObject([{ name: volume, secret: { secretName: 'onda-tls' } }]);
    const original = deployment.spec?.template?.spec.containers[0] as unknown as Record<string, Probe>;
    for (const [probe, { httpGet }] of Object.entries(probes as unknown as Record<string, Probe>)) {
      expect([probe, httpGet]).toEqual([probe, { ...original[probe].httpGet, scheme: 'HTTPS' }]);
    }
    expect(Object.keys(probes)).toHaveLength(3);
  });
});

describe('the parts of deploy/', () => {
  it('may reach Redis where they keep their sequences in it', async () => {
    const policy = (await manifests('kubernetes/redis.yaml')).find(({ kind }) => kind === 'NetworkPolicy');
    const [{ from }] = policy?.spec?.ingress ?? [{ from: [], ports: [] }];
    const label = from[0].podSelector?.matchLabels ?? {};
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
    const drain = (options['drain-delay-ms'] + timeouts.drainMs) / 1000;
    expect(spec?.template?.spec.terminationGracePeriodSeconds).toBeGreaterThan(drain);
  });
});

describe('the Kubernetes manifests', () => {
  const only = async (file: string, kind: string): Promise<Manifest> => {
    const found = (await manifests(file)).filter((manifest) => manifest.kind === kind);
    expect(found).toHaveLength(1);
    return found[0];
  };
  const containerOf = (manifest: Manifest): Container =>
    (manifest.spec?.template?.spec.containers ?? manifest.spec?.containers ?? [])[0];

  it('bound the model files so that they fit the memory limit', async () => {
    const config = parse(await dataOf('kubernetes/onda.yaml', 'serve.yaml')) as Record<string, number>;
    const runtime = containerOf(await only('kserve/onda.yaml', 'ServingRuntime'));
    const argument = runtime.args?.[(runtime.args.indexOf('--max-model-bytes') || NaN) + 1];
    for (const [bytes, { resources }] of [
      [config['max-model-bytes'], containerOf(await only('kubernetes/onda.yaml', 'Deployment'))],
      [Number(argument), runtime],
    ] as const) {
      const [, gibibytes] = /^(\d+)Gi$/.exec(resources?.limits.memory ?? '') ?? [];
      // The process without models takes 300 MiB and less; a loaded model up to twice its files.
      expect(2 * bytes + 384 * 2 ** 20).toBeLessThanOrEqual(Number(gibibytes) * 2 ** 30);
    }
  });

  it('name one image of the version in package.json, as compose and the Dockerfile do', async () => {
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    const files = ['kubernetes/onda.yaml', 'kserve/onda.yaml', 'compose.yaml', 'Dockerfile'];
    for (const file of files) {
      const tags = Array.from((await read(file)).matchAll(/onda-server\b(\S*)/g), ([, tag]) => tag);
      expect(tags.length).toBeGreaterThan(0);
      for (const tag of tags) expect([`:${version}`, `:${version}-cuda`]).toContain(tag);
    }
  });

  it('admit requests from the namespace, and metrics from the monitoring only', async () => {
    const policy = await only('kubernetes/onda.yaml', 'NetworkPolicy');
    const deployment = await only('kubernetes/onda.yaml', 'Deployment');
    expect(deployment.spec?.template?.metadata.labels).toMatchObject(
      policy.spec?.podSelector?.matchLabels ?? {},
    );
    const rules = policy.spec?.ingress ?? [];
    const portsTo = (selector: 'podSelector' | 'namespaceSelector'): number[] =>
      rules
        .filter(({ from }) => from.every((peer) => selector in peer))
        .flatMap(({ ports }) => ports.map(({ port }) => port));
    expect(portsTo('podSelector')).toEqual([8000, 8001]);
    expect(portsTo('namespaceSelector')).toEqual([8002]);
  });

  it('have every port of the container in the Service', async () => {
    const service = await only('kubernetes/onda.yaml', 'Service');
    const { ports = [] } = containerOf(await only('kubernetes/onda.yaml', 'Deployment'));
    expect(service.spec?.ports?.map(({ name, port }) => [name, port])).toEqual(
      ports.map(({ name, containerPort }) => [name, containerPort]),
    );
  });

  it('take the password of Redis from one secret, on both sides', async () => {
    const reference = { secretKeyRef: { name: 'onda-redis', key: 'password' } };
    const [redis, onda, kserve] = [
      containerOf(await only('kubernetes/redis.yaml', 'StatefulSet')),
      containerOf(await only('kubernetes/onda.yaml', 'Deployment')),
      containerOf(await only('kserve/onda.yaml', 'ServingRuntime')),
    ];
    for (const { env } of [redis, onda, kserve]) {
      expect(env).toContainEqual({ name: 'REDIS_PASSWORD', valueFrom: reference });
    }
    expect(redis.args?.slice(0, 2)).toEqual(['--requirepass', '$(REDIS_PASSWORD)']);
    for (const { env = [] } of [onda, kserve]) {
      const { value = '' } = env.find(({ name }) => name === 'ONDA_SERVE_STATE') ?? {};
      expect(value).toBe('redis://:$(REDIS_PASSWORD)@onda-redis:6379');
      const given = { ONDA_SERVE_MODELS: 'm', ONDA_SERVE_STATE: value.replace('$(REDIS_PASSWORD)', 'a0') };
      expect((await readOptions({ flags: {}, env: given })).state).toBe('redis://:a0@onda-redis:6379');
    }
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

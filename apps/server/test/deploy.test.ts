import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readOptions } from '../src/config/readOptions.ts';

const deploy = fileURLToPath(new URL('../../../deploy/', import.meta.url));
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
  spec?: { containers?: { args: string[] }[] };
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

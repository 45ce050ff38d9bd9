import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModel } from '@onda/onnx';
import { exporterVersion } from '../../src/model/onnxModel.ts';

const library = path.resolve(import.meta.dirname, '../..');
const workspace = path.resolve(library, '../..');
const built = path.join(library, 'dist/package');

/** A user's project: types and values of the public API. */
const consumer = `
import { exportModel, readModel, checkModel, printModel, type ExportedModel } from '@onda/exporter';

const weights = new Float32Array(2 * 3 + 3 * 3 + 3).fill(0.1);
const exported: ExportedModel = exportModel({
  modelTopology: {
    class_name: 'Sequential',
    config: {
      name: 'm',
      layers: [
        {
          class_name: 'SimpleRNN',
          config: { name: 'rnn', units: 3, return_sequences: true, batch_input_shape: [null, null, 2], dtype: 'float32' },
        },
      ],
    },
  },
  weightSpecs: [
    { name: 'rnn/kernel', shape: [2, 3], dtype: 'float32' },
    { name: 'rnn/recurrent_kernel', shape: [3, 3], dtype: 'float32' },
    { name: 'rnn/bias', shape: [3], dtype: 'float32' },
  ],
  weightData: weights.buffer,
});
const bytes: Uint8Array = exported.bytes;
export const text: string = printModel(readModel(bytes));
export const problems: string[] = checkModel(exported.model);
`;

describe('the published package', () => {
  const project = mkdtempSync(path.join(tmpdir(), 'onda-consumer-'));

  beforeAll(() => {
    execFileSync('npm', ['run', '-s', 'build:exporter'], { cwd: workspace });
    const [{ filename }] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination', project], {
        cwd: built,
        encoding: 'utf8',
      }),
    ) as [{ filename: string }];
    const installed = path.join(project, 'node_modules/@onda/exporter');
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['xzf', path.join(project, filename), '--strip-components=1', '-C', installed]);
    writeFileSync(path.join(project, 'package.json'), '{ "type": "module" }');
    writeFileSync(path.join(project, 'consumer.ts'), consumer);
  });
  afterAll(() => {
    rmSync(project, { recursive: true });
  });

  it('holds the module, the readers loaded on first use, types, README, API and licence, and nothing else', () => {
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: built, encoding: 'utf8' }),
    ) as [{ files: { path: string }[]; version: string }];
    expect(packed[0].files.map((file) => file.path).sort()).toEqual(
      [
        ...['API.md', 'LICENSE', 'README.md', 'index.d.ts', 'index.js', 'package.json'],
        ...['bytes.js', 'kerasFile.js', 'torchModel.js'],
      ].sort(),
    );
    expect(packed[0].version).toBe(exporterVersion);
    expect(JSON.parse(readFileSync(path.join(built, 'package.json'), 'utf8'))).not.toHaveProperty(
      'dependencies',
    );
  });

  it('imports nothing, neither Node built-ins nor packages', () => {
    for (const name of ['index.js', 'bytes.js', 'kerasFile.js', 'torchModel.js']) {
      const code = readFileSync(path.join(built, name), 'utf8');
      const imports = [...code.matchAll(/^\s*(?:import|export)\b[^\n]*\bfrom\s*["']([^"']*)["']/gm)];
      expect(imports.map(([, from]) => from).filter((from) => !from.startsWith('./'))).toEqual([]);
      expect(code).not.toMatch(/\brequire\(["'](node:)?(fs|path|crypto|util|zlib|worker_threads)["']\)/);
    }
    expect(readFileSync(path.join(built, 'index.d.ts'), 'utf8')).not.toMatch(/\bfrom ['"]/);
  });

  it.each([
    ['a Node project', 'NodeNext', 'NodeNext'],
    ['a bundled project', 'ESNext', 'Bundler'],
  ])('has types for %s', (_what, module, moduleResolution) => {
    const options = {
      strict: true,
      noEmit: true,
      target: 'ES2022',
      lib: ['ES2022'],
      types: [],
      skipLibCheck: false,
    };
    const config = path.join(project, `tsconfig.${module}.json`);
    writeFileSync(
      config,
      JSON.stringify({ compilerOptions: { ...options, module, moduleResolution }, files: ['consumer.ts'] }),
    );
    const tsc = path.join(workspace, 'node_modules/typescript/bin/tsc');
    expect(execFileSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' })).toBe('');
  });

  it('bundles for browsers by itself, and the bundle exports a model', async () => {
    await build({
      root: project,
      configFile: false,
      logLevel: 'error',
      build: {
        target: 'es2022',
        minify: true,
        lib: { entry: 'consumer.ts', formats: ['es'], fileName: () => 'consumer.js' },
      },
    });
    const { text, problems } = (await import(pathToFileURL(path.join(project, 'dist/consumer.js')).href)) as {
      text: string;
      problems: string[];
    };
    expect(text).toContain('RNN');
    expect(problems).toEqual([]);
  });

  it('does what its README shows', () => {
    const readme = readFileSync(path.join(built, 'README.md'), 'utf8');
    expect(readme).not.toContain('](../');
    const shown = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code);
    expect(shown).toHaveLength(3);
    const folder = path.join(project, 'readme');
    mkdirSync(path.join(folder, 'saved'), { recursive: true });
    shown.forEach((code, index) => {
      writeFileSync(path.join(folder, `shown${index}.ts`), code);
    });
    // The types that a reader has installed.
    for (const name of ['@tensorflow', '@types'])
      symlinkSync(path.join(workspace, 'node_modules', name), path.join(project, 'node_modules', name));
    const options = [
      ...[
        '--strict',
        '--exactOptionalPropertyTypes',
        '--skipLibCheck',
        '--types',
        'node',
        '--lib',
        'ES2022,DOM',
      ],
      ...['--target', 'ES2022', '--module', 'NodeNext', '--moduleResolution', 'NodeNext'],
    ];
    const tsc = path.join(workspace, 'node_modules/typescript/bin/tsc');
    const files = shown.map((_, index) => `shown${index}.ts`);
    const said = spawnSync(process.execPath, [tsc, ...options, ...files], { cwd: folder, encoding: 'utf8' });
    expect(said.stdout).toBe('');

    const weights = [
      { name: 'd/kernel', shape: [2, 1], dtype: 'float32' },
      { name: 'd/bias', shape: [1], dtype: 'float32' },
    ];
    const config = { name: 'd', units: 1, batch_input_shape: [null, 2], dtype: 'float32' };
    const layers = [{ class_name: 'Dense', config }];
    const document = {
      modelTopology: { class_name: 'Sequential', config: { name: 'm', layers } },
      weightsManifest: [{ paths: ['w.bin'], weights }],
    };
    writeFileSync(path.join(folder, 'saved/model.json'), JSON.stringify(document));
    writeFileSync(path.join(folder, 'saved/w.bin'), new Uint8Array(12));
    execFileSync(process.execPath, ['shown0.js'], { cwd: folder });
    const model = readModel(readFileSync(path.join(folder, 'model.onnx')));
    expect(model.graph.nodes.map(({ op }) => op)).toEqual(['Gemm']);
  });

  it('is described name by name in docs/api/exporter.md', () => {
    const types = readFileSync(path.join(built, 'index.d.ts'), 'utf8');
    const names = [...types.matchAll(/^export (?:type )?\{([^}]*)\};$/gm)].flatMap(([, list]) =>
      list.split(',').map((name) => name.trim()),
    );
    const docs = readFileSync(path.join(workspace, 'docs/api/exporter.md'), 'utf8');
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !new RegExp(`\`${name}(\`|\\()`).test(docs))).toEqual([]);
  });
});

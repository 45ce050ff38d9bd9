import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { build, transformWithEsbuild } from 'vite';

/**
 * npm run build:exporter: the package @onda/exporter as others install it, in dist/package: an ES module without dependencies or Node
 * built-ins, the readers of Keras and PyTorch files that it loads on first use, what the two share, the types, README and licence.
 */
const library = path.resolve(import.meta.dirname, '..');
const workspace = path.resolve(library, '../..');
const out = path.join(library, 'dist/package');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await buildCode();
const modules = readdirSync(out).sort();
await buildTypes();
writePackage();

const kilobytes = (text: string | Buffer): string => `${(Buffer.byteLength(text) / 1024).toFixed(0)} KiB`;
for (const name of modules) {
  const file = path.join(out, name);
  const code = readFileSync(file, 'utf8');
  const { code: minified } = await transformWithEsbuild(code, file, { minify: true });
  process.stdout.write(
    `${path.relative(workspace, file)}: ${kilobytes(code)}; minified ${kilobytes(minified)}, ${kilobytes(gzipSync(minified))} gzipped\n`,
  );
}

/** Everything in one module and those loaded on first use: the workspace's libraries, ONNX's messages and the protobufjs that is known to be safe. */
async function buildCode(): Promise<void> {
  await build({
    root: library,
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: out,
      emptyOutDir: false,
      target: 'es2022',
      lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'index.js' },
      rollupOptions: {
        // What several modules need stays in the first one.
        preserveEntrySignatures: 'allow-extension',
        output: { chunkFileNames: '[name].js' },
        // The contract's schemas and zod, which no function here takes, would make most of the file.
        treeshake: { moduleSideEffects: (id) => !/libs\/contract|node_modules\/zod/.test(id) },
      },
    },
  });
}

/** One file of types, those of the workspace's libraries inside. */
async function buildTypes(): Promise<void> {
  execFileSync(process.execPath, [path.join(workspace, 'node_modules/typescript/bin/tsc'), '-b', library]);
  const types = (name: string): string => path.join(workspace, 'libs', name, 'dist/types');
  const bundle = await rollup({
    input: path.join(types('exporter'), 'index.d.ts'),
    external: ['onnx-proto'],
    plugins: [
      {
        name: 'workspace-types',
        resolveId: (source, importer) => {
          const own = /^@onda\/([a-z-]+)$/.exec(source)?.[1];
          if (own !== undefined) return path.join(types(own), 'index.d.ts');
          if (importer === undefined || !source.endsWith('.ts') || source.endsWith('.d.ts')) return null;
          return path.resolve(path.dirname(importer), source.replace(/\.ts$/, '.d.ts'));
        },
      },
      dts(),
    ],
  });
  await bundle.write({ file: path.join(out, 'index.d.ts') });
  await bundle.close();
}

function writePackage(): void {
  const own = JSON.parse(readFileSync(path.join(library, 'package.json'), 'utf8')) as Record<string, string>;
  const manifest = {
    name: own['name'],
    version: own['version'],
    description: 'TensorFlow.js and Keras models to ONNX, in Node and the browser; recurrent ones first',
    keywords: ['tensorflow.js', 'tfjs', 'keras', 'onnx', 'lstm', 'gru', 'rnn', 'export', 'converter'],
    license: own['license'],
    type: 'module',
    sideEffects: false,
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    types: './index.d.ts',
    files: [...modules, 'index.d.ts', 'API.md'],
    engines: { node: '>=20.19' },
  };
  writeFileSync(path.join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    path.join(out, 'README.md'),
    packedReadme(readFileSync(path.join(library, 'README.md'), 'utf8')),
  );
  copyFileSync(path.join(workspace, 'LICENSE'), path.join(out, 'LICENSE'));
  copyFileSync(path.join(workspace, 'docs/api/exporter.md'), path.join(out, 'API.md'));
}

/** The README with links to what the package has; of those to other files of this workspace the text is left. */
function packedReadme(text: string): string {
  return text
    .replaceAll('(../../docs/api/exporter.md)', '(API.md)')
    .replaceAll(/\[([^\]]+)\]\(\.\.\/[^)]+\)/g, '$1');
}

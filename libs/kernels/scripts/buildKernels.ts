import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compile, folder, installCompiler, sha256, wantedRecord } from './wasmBuild.ts';

// npm run build:kernels: compiles kernels.wasm, and writes its record and its bytes as a module.

const file = path.join(folder, 'kernels.wasm');
await installCompiler();
await compile(file);
const bytes = readFileSync(file);
const record = { ...wantedRecord(), wasm: sha256(bytes), bytes: bytes.length };
writeFileSync(path.join(folder, 'kernels.json'), `${JSON.stringify(record, null, 2)}\n`);
writeFileSync(
  path.join(folder, 'src', 'kernelsBase64.ts'),
  `/** kernels.wasm, written by npm run build:kernels. */\nexport const kernelsBase64 =\n  '${bytes.toString('base64')}';\n`,
);
process.stdout.write(`kernels.wasm: ${bytes.length} bytes, compiled by ${record.compiler}\n`);

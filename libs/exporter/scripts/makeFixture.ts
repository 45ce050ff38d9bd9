/**
 * Makes examples/models/lagged-sine from PyTorch's final weights in examples/reference: a model folder that tests and a first look at
 * the server take without training. Run it with `npx tsx libs/exporter/scripts/makeFixture.ts`; the same exporter gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Manifest } from '@onda/contract';
import { manifestFormat, manifestIdentity, modelFiles, parseManifest } from '@onda/contract';
import { writeModel } from '@onda/onnx';
import { configPbtxt, exportNet, withMetadata } from '../src/index.ts';
import { readReference, referenceArtifacts } from '../test/support/pytorchReference.ts';

const name = 'lagged-sine';
const producerVersion = '0.1.0';
const lag = 1;
const scaler: Manifest['scaler'] = { kind: 'none', center: [0], scale: [1] };

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

const { model, generator, spec, state, tensors } = exportNet(
  referenceArtifacts(readReference('pytorch-sine-rnn')),
  { lag, scaler, producerVersion },
);
if (generator === null) throw new Error('a net of one feature and one output has a generator');

const description: Omit<Manifest, 'files' | 'parity' | 'created'> = {
  format: manifestFormat,
  name,
  version: 1,
  net: spec,
  tensors,
  state,
  lag,
  scaler,
  sampling: null,
  training: null,
};
const metadata = {
  'onda.name': name,
  'onda.version': '1',
  'onda.manifest_sha256': sha256(manifestIdentity(description)),
};
const files = {
  [modelFiles.sequence]: writeModel(withMetadata(model, metadata)),
  [modelFiles.generator]: writeModel(withMetadata(generator, metadata)),
};
const manifest: Manifest = {
  ...description,
  files: Object.fromEntries(
    Object.entries(files).map(([file, bytes]) => [file, { sha256: sha256(bytes), bytes: bytes.length }]),
  ),
  parity: [],
  created: '2026-11-23T00:00:00Z',
};
parseManifest(manifest, modelFiles.manifest);

const folder = new URL(`../../../examples/models/${name}/`, import.meta.url);
mkdirSync(new URL('1/', folder), { recursive: true });
for (const [file, bytes] of Object.entries(files)) writeFileSync(new URL(`1/${file}`, folder), bytes);
writeFileSync(new URL(`1/${modelFiles.manifest}`, folder), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(new URL(modelFiles.config, folder), configPbtxt({ name, tensors: tensors.model, state }));

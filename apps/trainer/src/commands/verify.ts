import { isNetManifest, modelFiles, ResultError, type Manifest, type ParityRow } from '@onda/contract';
import { Net } from '@onda/nets';
import type { Runtime } from '@onda/runtime';
import { createNodeRuntime, readModelFolder, type ModelFolder } from '@onda/runtime-node';
import { openBackend } from '@onda/tfjs-native';
import { parityTable, rowHolds } from '../export/compare.ts';
import { checkGenerator } from '../export/checkGenerator.ts';
import { heldAgainst } from '../export/inPrecision.ts';
import { createTfjsReference } from '../export/tfjsReference.ts';
import { verifyExport } from '../export/verify.ts';
import type { LayersModel } from '../fit/artifacts.ts';
import { textTable } from '../textTable.ts';
import { findSource } from '../verify/findSource.ts';
import { layersSubject } from '../verify/layersSubject.ts';
import { netSubject } from '../verify/netSubject.ts';
import { verifyModel } from '../verify/verifyModel.ts';

export interface VerifyCall {
  source?: string;
  web: boolean;
  json: boolean;
}

const say = (line: string): void => {
  process.stderr.write(`verify: ${line}\n`);
};

/**
 * Compares a model folder's files with the TensorFlow.js model that they were exported from, in ONNX Runtime in Node and, on request, in
 * a browser.
 *
 * @throws ResultError, after the rows, where one does not hold
 */
export async function verifyCommand(folder: string, { source, web, json }: VerifyCall): Promise<void> {
  const model = await readModelFolder(folder);
  const { place, artifacts } = findSource(model.manifest, source);
  await openBackend();
  const rows = await rowsIn(await createNodeRuntime({ provider: 'cpu' }), model, artifacts);
  if (web) {
    const { createChromiumRuntime } = await import('@onda/runtime-chromium');
    const runtime = await createChromiumRuntime();
    try {
      rows.push(...(await rowsIn(runtime, model, artifacts)));
    } finally {
      await runtime.close();
    }
  }
  const { name, version } = model;
  const bad = rows.filter((row) => !rowHolds(row));
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ model: name, version, source: place, holds: bad.length === 0 && rows.length > 0, rows })}\n`,
    );
  } else {
    process.stdout.write(`${textTable(parityTable(rows))}\n`);
  }
  if (rows.length === 0) {
    throw new ResultError(
      `${name} ${version} with ${place}: expected TensorFlow.js to take the file's inputs, got not one run to compare; give the source that it was exported from`,
    );
  }
  if (bad.length > 0) {
    const worst = bad.reduce((a, b) => (b.maxAbs / b.tolerance > a.maxAbs / a.tolerance ? b : a));
    throw new ResultError(
      `${name} ${version} with ${place}: expected ONNX Runtime to give TensorFlow.js's values, got ${bad.length} of ${rows.length} rows out of their bound, the worst ${worst.maxAbs.toExponential(1)} for ${worst.tolerance.toExponential(1)} (${worst.check}, ${worst.runtime}); export the model again from this source, or give the source that it was exported from`,
    );
  }
  say(`${rows.length} rows hold: ${name} ${version} gives the values of ${place}`);
}

async function rowsIn(
  runtime: Runtime,
  { manifest, files }: ModelFolder,
  artifacts: LayersModel,
): Promise<ParityRow[]> {
  const bytesOf = (file: string): Uint8Array | null => files.get(file)?.bytes ?? null;
  const sequence = bytesOf(modelFiles.sequence) ?? new Uint8Array();
  if (manifest.net === null) return layersRows(runtime, manifest, artifacts, sequence);
  const { weights, relative } = heldAgainst(artifacts, manifest);
  const net = Net.fromArtifacts(weights);
  try {
    const reference = createTfjsReference(net, manifest.scaler, manifest.sampling);
    const generator = bytesOf(modelFiles.generator);
    const drawn = generator !== null && manifest.sampling !== null;
    return [
      ...(isNetManifest(manifest)
        ? await verifyExport(runtime, reference, manifest, sequence, drawn ? null : generator, relative)
        : []),
      ...(await verifyModel(runtime, { ...netSubject(reference, manifest), relative }, sequence, say)),
      ...(drawn
        ? [
            await checkGenerator(
              runtime,
              manifest,
              { [modelFiles.sequence]: sequence, [modelFiles.generator]: generator },
              null,
            ),
          ]
        : []),
    ];
  } finally {
    net.dispose();
  }
}

async function layersRows(
  runtime: Runtime,
  manifest: Manifest,
  artifacts: LayersModel,
  bytes: Uint8Array,
): Promise<ParityRow[]> {
  const { weights, relative } = heldAgainst(artifacts, manifest);
  const subject = await layersSubject(weights, manifest);
  try {
    return await verifyModel(runtime, { ...subject, relative }, bytes, say);
  } finally {
    subject.dispose();
  }
}

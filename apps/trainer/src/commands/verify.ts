import path from 'node:path';
import type { Manifest, ParityRow } from '@onda/contract';
import { ConfigError, fitConfigSchema, isNetManifest, modelFiles, ResultError } from '@onda/contract';
import { Net } from '@onda/nets';
import type { Runtime } from '@onda/runtime';
import type { ModelFolder } from '@onda/runtime-node';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { openBackend } from '@onda/tfjs-native';
import { checkGenerator, layersRows, referenceOf } from '../export/check.ts';
import { parityTable, rowHolds } from '../export/compare.ts';
import { createTfjsReference } from '../export/tfjsReference.ts';
import type { LayersModel } from '../fit/artifacts.ts';
import { readModelFile } from '../fit/artifacts.ts';
import { isRunFolder, readSummary, runFiles } from '../fit/runFolder.ts';
import { textTable } from '../terminal.ts';
import { caseRows } from '../verify/cases.ts';
import { netSubject } from '../verify/subject.ts';
import { verifyModel } from '../verify/verifyModel.ts';
import { verifyExport } from '../verify/verifyNet.ts';

export interface VerifyCall {
  source?: string;
  cases?: string;
  web: boolean;
  json: boolean;
}

const say = (line: string): void => {
  process.stderr.write(`verify: ${line}\n`);
};

/**
 * Compares the files of a model folder with the TensorFlow.js model they were exported from, with ONNX Runtime in Node and, on
 * request, in a browser.
 *
 * @throws ResultError, after printing the rows, if a difference is above its bound
 */
export async function verifyCommand(folder: string, { source, cases, web, json }: VerifyCall): Promise<void> {
  const model = await readModelFolder(folder);
  const { source: compared, artifacts } = await findSource(model.manifest, source);
  await openBackend();
  const rows = await rowsIn(await createNodeRuntime({ provider: 'cpu' }), model, artifacts, cases);
  if (web) {
    const { createChromiumRuntime } = await import('@onda/runtime-chromium');
    const runtime = await createChromiumRuntime();
    try {
      rows.push(...(await rowsIn(runtime, model, artifacts, cases)));
    } finally {
      await runtime.close();
    }
  }
  const { name, version } = model;
  const bad = rows.filter((row) => !rowHolds(row));
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ model: name, version, source: compared, holds: bad.length === 0 && rows.length > 0, rows })}\n`,
    );
  } else {
    process.stdout.write(`${textTable(parityTable(rows))}\n`);
  }
  if (rows.length === 0) {
    throw new ResultError(
      `${name} ${version} against ${compared}: expected TensorFlow.js to accept the inputs of the file, got no run to compare; pass the source it was exported from`,
    );
  }
  if (bad.length > 0) {
    const worst = bad.reduce((a, b) => (b.maxAbs / b.tolerance > a.maxAbs / a.tolerance ? b : a));
    throw new ResultError(
      `${name} ${version} against ${compared}: expected equal values, got ${bad.length} of ${rows.length} rows above their bound, the worst ${worst.maxAbs.toExponential(1)} for ${worst.tolerance.toExponential(1)} (${worst.check}, ${worst.runtime}); export the model again from this source, or pass the source it was exported from`,
    );
  }
  say(`${rows.length} rows are within their bounds: ${name} ${version} equals ${compared}`);
}

async function rowsIn(
  runtime: Runtime,
  { manifest, files }: ModelFolder,
  artifacts: LayersModel,
  cases?: string,
): Promise<ParityRow[]> {
  const bytesOf = (file: string): Uint8Array | null => files.get(file)?.bytes ?? null;
  const sequence = bytesOf(modelFiles.sequence) ?? new Uint8Array();
  const { weights, relative } = referenceOf(artifacts, manifest);
  if (manifest.net === null) {
    return cases === undefined
      ? layersRows(runtime, weights, { manifest, relative }, sequence, say)
      : caseRows(runtime, manifest, sequence, cases, relative);
  }
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

/**
 * Finds the TensorFlow.js model that a model folder was exported from: the given run or model file, else the run under runs/ that is
 * named in the manifest.
 *
 * @throws ConfigError if none is given and runs/ has no such run
 */
export async function findSource(
  manifest: Manifest,
  given: string | undefined,
): Promise<{ source: string; artifacts: LayersModel }> {
  const source = given ?? runOf(manifest);
  return {
    source,
    artifacts: await readModelFile(isRunFolder(source) ? path.join(source, runFiles.model) : source),
  };
}

function runOf({ name, training }: Manifest): string {
  const config = fitConfigSchema.safeParse(training?.config);
  const advice = 'add --source with the run folder or the model.json it was exported from';
  if (training === null || !config.success)
    throw new ConfigError(
      `model "${name}": expected a TensorFlow.js model to compare with, got a manifest without training; ${advice}`,
    );
  const folder = path.join('runs', config.data.name);
  if (!isRunFolder(folder))
    throw new ConfigError(`model "${name}": expected its run in ${folder}, found none; ${advice}`);
  const summary = readSummary(folder);
  const same =
    summary.dataSha256 === training.dataSha256 &&
    summary.steps === training.steps &&
    summary.finalLoss === training.finalLoss;
  if (!same)
    throw new ConfigError(
      `model "${name}": expected the run it was exported from in ${folder}, got a later one (loss ${summary.finalLoss} after ${summary.steps} steps, not ${training.finalLoss} after ${training.steps}); ${advice}`,
    );
  return folder;
}

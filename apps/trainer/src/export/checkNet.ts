import { modelFiles, requireNetManifest, type Manifest, type ParityRow } from '@onda/contract';
import { Net } from '@onda/nets';
import { packManifest, packRuntime } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { openBackend } from '@onda/tfjs-native';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '../fit/artifacts.ts';
import { checkGenerator } from './checkGenerator.ts';
import { inPrecision } from './inPrecision.ts';
import type { ModelBytes } from './publishModel.ts';
import { createTfjsReference } from './tfjsReference.ts';
import { verifyExport } from './verify.ts';

/** Weights up to which TensorFlow.js's JavaScript backend has compared before a native one has started: half a second. */
const smallBytes = 4 * 1024 * 1024;

/** Compares an exported net with TensorFlow.js; separate states are compared as one row. */
export async function checkNet(
  artifacts: LayersModel,
  manifest: Manifest,
  files: ModelBytes,
): Promise<ParityRow[]> {
  // After a fit one is open already.
  if (!tf.getBackend()) {
    await openBackend(artifacts.weightData.byteLength <= smallBytes ? { want: 'cpu' } : {});
  }
  const node = await createNodeRuntime({ provider: 'cpu' });
  const { net: spec, state } = manifest;
  const separate = spec !== null && state !== null && 'packing' in state ? state : null;
  const seen =
    separate === null
      ? requireNetManifest(manifest, modelFiles.manifest)
      : packManifest({ ...manifest, net: spec as NonNullable<typeof spec> }, separate);
  const runtime = separate === null ? node : packRuntime(node, separate);
  const sequence = files[modelFiles.sequence];
  const given = modelFiles.generator in files ? files[modelFiles.generator] : null;
  // What is drawn would drift apart over as many samples as a loop of predictions is compared on.
  const drawn = given !== null && manifest.sampling !== null;
  const rows = await inPrecision(artifacts, manifest, async ({ weights, relative }, exact) => {
    const net = Net.fromArtifacts(weights);
    try {
      const reference = createTfjsReference(net, manifest.scaler, manifest.sampling);
      // A closed loop carries other weights' differences on and on: it is held to the weights that its file holds.
      const generator = !drawn && (exact || manifest.precision === 'int8') ? given : null;
      return await verifyExport(runtime, reference, seen, sequence, generator, relative);
    } finally {
      net.dispose();
    }
  });
  return drawn ? [...rows, await checkGenerator(node, manifest, files, null)] : rows;
}

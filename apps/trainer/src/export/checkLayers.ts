import { modelFiles, ResultError, type Manifest, type ParityRow } from '@onda/contract';
import { createNodeRuntime } from '@onda/runtime-node';
import { openBackend } from '@onda/tfjs-native';
import type { LayersModel } from '../fit/artifacts.ts';
import { layersSubject } from '../verify/layersSubject.ts';
import { exportPlan } from '../verify/plan.ts';
import { useQuickSplits } from '../verify/quickSplits.ts';
import { verifyModel } from '../verify/verifyModel.ts';
import { checkGenerator } from './checkGenerator.ts';
import { inPrecision } from './inPrecision.ts';
import type { ModelBytes } from './publishModel.ts';

/**
 * Compares an exported layers model with TensorFlow.js, on a JavaScript backend, which starts faster than a native one.
 *
 * @param loop of its generator: the window that the model sees each time, null for all that is known; left out: it has none
 * @throws ResultError when nothing could be compared
 */
export async function checkLayers(
  artifacts: LayersModel,
  manifest: Manifest,
  files: ModelBytes,
  loop: { window: number | null } | null = null,
): Promise<ParityRow[]> {
  await openBackend({ want: 'cpu' });
  useQuickSplits();
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const refusals: string[] = [];
  const rows = await inPrecision(artifacts, manifest, async ({ weights, relative }) => {
    const subject = await layersSubject(weights, manifest);
    try {
      const say = (line: string): unknown => refusals.push(line);
      return await verifyModel(
        runtime,
        { ...subject, relative },
        files[modelFiles.sequence],
        say,
        exportPlan,
      );
    } finally {
      subject.dispose();
    }
  });
  if (rows.length > 0) {
    return loop === null ? rows : [...rows, await checkGenerator(runtime, manifest, files, loop.window)];
  }
  throw new ResultError(
    `export of "${manifest.name}": expected TensorFlow.js to run the model to compare with, got: ${refusals.join('; ')}; give the model's inputs fixed sizes, or export with --no-verify`,
  );
}

import type { Manifest } from '@onda/contract';
import { ConfigError, isNetManifest, modelFiles } from '@onda/contract';
import type { Predictor } from '@onda/forecasting';
import { onnxPredictor } from '@onda/forecasting';
import { floatOutput, floatTensor } from '@onda/runtime';
import type { Session } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { predictsItsInputs, sequencePredictor } from './sequencePredictor.ts';

/** A forecaster of exported files, and the sessions that it runs. */
export interface ModelPredictor {
  predictor: Predictor;
  release: () => Promise<void>;
}

/**
 * Opens exported files as a forecaster named "model": a direct forecaster by its file, a network by its closed loop.
 *
 * @param files bytes by file name
 * @throws ConfigError for a model that does not forecast
 */
export async function openModelPredictor(
  manifest: Manifest,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<ModelPredictor> {
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  if (manifest.forecaster !== undefined) {
    const session = await runtime.createSession(files[modelFiles.sequence]);
    return {
      predictor: onnxPredictor(forecasterRun(session), manifest.forecaster),
      release: () => session.release(),
    };
  }
  if (!isNetManifest(manifest) || !predictsItsInputs(manifest)) {
    throw new ConfigError(
      `model "${manifest.name}": expected a forecaster, or a network that predicts its own inputs, got another model; fit one with npm run fit`,
    );
  }
  const model = await runtime.createSession(files[modelFiles.sequence]);
  const generator = await runtime.createSession(files[modelFiles.generator]);
  return {
    predictor: sequencePredictor({ model, generator }, manifest),
    async release() {
      await Promise.all([model.release(), generator.release()]);
    },
  };
}

/** Opens a version of a model folder as a forecaster. */
export async function openModelFolder(folder: string, version?: number): Promise<ModelPredictor> {
  const { manifest, files } = await readModelFolder(folder, version);
  return openModelPredictor(
    manifest,
    Object.fromEntries([...files].map(([name, { bytes }]) => [name, bytes])),
  );
}

/** Runs model.onnx of a direct forecaster. */
const forecasterRun =
  (session: Session) =>
  async (x: Float32Array, dims: readonly number[]): Promise<Float32Array> =>
    floatOutput(await session.run({ x: floatTensor(dims, x) }), 'y').data;

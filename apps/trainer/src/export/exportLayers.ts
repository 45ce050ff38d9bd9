import { manifestFormat, type Sampling } from '@onda/contract';
import { exportGenerator, exportModel, tensorSpecs, type ExportModelOptions } from '@onda/exporter';
import type { LayersModel } from '../fit/artifacts.ts';
import { ondaVersion } from '../versions.ts';
import { manifestPrecision } from './manifestPrecision.ts';
import { publishModel, type WarnedResult } from './publishModel.ts';

export interface LayersRequest extends Pick<
  ExportModelOptions,
  'opset' | 'states' | 'stateful' | 'precision' | 'allowNan'
> {
  name: string;
  artifacts: LayersModel;
  /** The model repository: `<repository>/<name>/<version>/`. */
  repository: string;
  /** Write the closed loop too, drawing values so; null: its values are the outputs. Left out: none. */
  generator?: { sampling: Sampling | null };
  /** Keep large weights in a file beside the model. */
  externalData?: boolean;
  /** Compare the file with TensorFlow.js before it is put in place. true when left out. */
  verify?: boolean;
}

/**
 * Exports a layers model of other make into a model repository. It keeps its own inputs and outputs, in its own order and names.
 *
 * @throws ResultError when the file does not give TensorFlow.js's values; nothing is written then
 */
export async function exportLayersModel(request: LayersRequest): Promise<WarnedResult> {
  const { name, repository, artifacts, generator, externalData = false, verify = true, ...options } = request;
  const { opset, states } = options;
  const loop =
    generator === undefined
      ? null
      : exportGenerator(artifacts, {
          sampling: generator.sampling,
          producerVersion: ondaVersion,
          ...(opset !== undefined && { opset }),
          ...(states !== undefined && { states }),
        });
  // A loop that goes on from states is of use beside a model that keeps them.
  const stateful = (options.stateful ?? false) || (loop?.state ?? null) !== null;
  const { model, state, warnings } = exportModel(artifacts, {
    ...options,
    stateful,
    producerVersion: ondaVersion,
  });
  const result = await publishModel({
    name,
    repository,
    model,
    generator: loop?.model ?? null,
    externalData,
    warnings,
    description: {
      format: manifestFormat,
      net: null,
      tensors: { model: tensorSpecs(model.graph), generator: loop && tensorSpecs(loop.model.graph) },
      state,
      lag: 1,
      scaler: { kind: 'none', center: [], scale: [] },
      ...manifestPrecision(options.precision),
      sampling: generator?.sampling ?? null,
      ...(loop && { prompt: loop.prompt }),
      training: null,
    },
    check: verify
      ? async (manifest, files) => {
          // TensorFlow.js takes longer to load than the export to run.
          const { checkLayers } = await import('./checkLayers.ts');
          return checkLayers(
            artifacts,
            manifest,
            files,
            loop && { window: loop.kind === 'window' ? loop.prompt : null },
          );
        }
      : null,
  });
  return { ...result, warnings };
}

import { manifestFormat } from '@onda/contract';
import { exportModel, tensorSpecs, type ExportModelOptions } from '@onda/exporter';
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
  const { name, repository, artifacts, externalData = false, verify = true, ...options } = request;
  const { model, state, warnings } = exportModel(artifacts, { ...options, producerVersion: ondaVersion });
  const result = await publishModel({
    name,
    repository,
    model,
    generator: null,
    externalData,
    description: {
      format: manifestFormat,
      net: null,
      tensors: { model: tensorSpecs(model.graph), generator: null },
      state,
      lag: 1,
      scaler: { kind: 'none', center: [], scale: [] },
      ...manifestPrecision(options.precision),
      sampling: null,
      training: null,
    },
    check: verify
      ? async (manifest, files) => {
          // TensorFlow.js takes longer to load than the export to run.
          const { checkLayers } = await import('./checkLayers.ts');
          return checkLayers(artifacts, manifest, files);
        }
      : null,
  });
  return { ...result, warnings };
}

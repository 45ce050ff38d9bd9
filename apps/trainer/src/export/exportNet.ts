import { manifestFormat, type Manifest, type Sampling, type Scaler } from '@onda/contract';
import { exportNet, type ExportNetOptions } from '@onda/exporter';
import type { LayersModel } from '../fit/artifacts.ts';
import { ondaVersion } from '../versions.ts';
import { manifestPrecision } from './manifestPrecision.ts';
import { publishModel, type WarnedResult } from './publishModel.ts';

export interface NetRequest extends Pick<ExportNetOptions, 'opset' | 'states' | 'precision'> {
  name: string;
  artifacts: LayersModel;
  lag: number;
  scaler: Scaler;
  /** How the generator draws values from the outputs; null: the outputs are the values. */
  sampling: Sampling | null;
  training: Manifest['training'];
  /** The model repository: `<repository>/<name>/<version>/`. */
  repository: string;
  /** Keep large weights in a file beside the model. */
  externalData?: boolean;
  /** Compare the files with TensorFlow.js before they are put in place. true when left out. */
  verify?: boolean;
}

/**
 * Exports an Onda net into a model repository: model.onnx and, where its outputs can be its inputs, generator.onnx.
 *
 * @throws ResultError when the files do not give TensorFlow.js's values; nothing is written then
 */
export async function exportNetModel(request: NetRequest): Promise<WarnedResult> {
  const {
    name,
    repository,
    artifacts,
    lag,
    scaler,
    sampling,
    training,
    opset,
    states,
    precision,
    externalData = false,
    verify = true,
  } = request;
  const exported = exportNet(artifacts, {
    lag,
    scaler,
    sampling,
    producerVersion: ondaVersion,
    ...(opset !== undefined && { opset }),
    ...(states !== undefined && { states }),
    ...(precision !== undefined && { precision }),
  });
  const result = await publishModel({
    name,
    repository,
    model: exported.model,
    generator: exported.generator,
    externalData,
    description: {
      format: manifestFormat,
      net: exported.spec,
      tensors: exported.tensors,
      state: exported.state,
      lag,
      scaler,
      ...manifestPrecision(precision),
      sampling,
      training,
    },
    check: verify
      ? async (manifest, files) => {
          // TensorFlow.js takes longer to load than the export to run.
          const { checkNet } = await import('./checkNet.ts');
          return checkNet(artifacts, manifest, files);
        }
      : null,
  });
  return { ...result, warnings: exported.warnings };
}

import type { Manifest, Sampling, Scaler } from '@onda/contract';
import { manifestFormat } from '@onda/contract';
import type { ExportModelOptions, ExportNetOptions, Precision } from '@onda/exporter';
import { exportGenerator, exportModel, exportNet, tensorSpecs } from '@onda/exporter';
import type { LayersModel } from '../fit/artifacts.ts';
import { ondaVersion } from '../versions.ts';
import type { WarnedResult } from './publishModel.ts';
import { publishModel } from './publishModel.ts';

interface NetRequest extends Pick<ExportNetOptions, 'opset' | 'states' | 'precision' | 'allowNan'> {
  name: string;
  artifacts: LayersModel;
  lag: number;
  scaler: Scaler;
  /** How the generator samples values from the outputs; null: the outputs are the values. */
  sampling: Sampling | null;
  training: Manifest['training'];
  /** The model repository: `<repository>/<name>/<version>/`. */
  repository: string;
  /** Write large weights to a separate file. */
  externalData?: boolean;
  /** Compare the files with TensorFlow.js before they are published; default true. */
  verify?: boolean;
}

/**
 * Exports an Onda net to a model repository: model.onnx and, if it predicts its own inputs, generator.onnx.
 *
 * @throws ResultError if the files differ from TensorFlow.js; nothing is written then
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
    allowNan = false,
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
    allowNan,
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
          // Loaded on demand: loading TensorFlow.js takes longer than the export.
          const { checkNet } = await import('./check.ts');
          return checkNet(artifacts, manifest, files);
        }
      : null,
  });
  return { ...result, warnings: exported.warnings };
}

export interface LayersRequest extends Pick<
  ExportModelOptions,
  'opset' | 'states' | 'stateful' | 'precision' | 'allowNan'
> {
  name: string;
  artifacts: LayersModel;
  /** The model repository: `<repository>/<name>/<version>/`. */
  repository: string;
  /** Also write the closed loop, with this sampling; null: the outputs are the values. Default: no generator. */
  generator?: { sampling: Sampling | null };
  /** Write large weights to a separate file. */
  externalData?: boolean;
  /** Compare the file before it is published; default true. */
  verify?: boolean;
  /** File with inputs and outputs to compare with; default: the reference for the model's maker. */
  cases?: string;
}

/**
 * Exports any other layers model to a model repository, with its own inputs and outputs in its own order and names.
 *
 * @throws ResultError if the file differs from TensorFlow.js; nothing is written then
 */
export async function exportLayersModel(request: LayersRequest): Promise<WarnedResult> {
  const {
    name,
    repository,
    artifacts,
    generator,
    externalData = false,
    verify = true,
    cases,
    ...options
  } = request;
  const { opset, states } = options;
  const loop =
    generator === undefined
      ? null
      : exportGenerator(artifacts, {
          sampling: generator.sampling,
          producerVersion: ondaVersion,
          allowNan: options.allowNan ?? false,
          ...(opset !== undefined && { opset }),
          ...(states !== undefined && { states }),
        });
  // A generator with states is only useful with a stateful model.
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
          // Loaded on demand: loading TensorFlow.js takes longer than the export.
          const { checkLayers } = await import('./check.ts');
          return checkLayers(artifacts, manifest, files, {
            loop: loop && { window: loop.kind === 'window' ? loop.prompt : null },
            ...(cases !== undefined && { cases }),
          });
        }
      : null,
  });
  return { ...result, warnings };
}

/** The precision entry of a manifest; omitted for float32. */
function manifestPrecision(precision: Precision = 'float32'): Pick<Manifest, 'precision'> {
  return precision === 'float32' ? {} : { precision };
}

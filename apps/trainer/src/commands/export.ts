import path from 'node:path';
import type { Sampling, Scaler } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import type { Precision, StatePacking } from '@onda/exporter';
import { isOndaNet, opsets, precisions, statePackings } from '@onda/exporter';
import { exportLayersModel, exportNetModel } from '../export/exportModels.ts';
import type { WarnedResult } from '../export/publishModel.ts';
import { describeExport } from '../export/publishModel.ts';
import { netSampling, readSampling } from '../export/sampling.ts';
import type { LayersModel } from '../fit/artifacts.ts';
import { readArtifacts, readModelFile } from '../fit/artifacts.ts';
import { isRunFolder, readSummary, runFiles, trainingOf } from '../fit/runFolder.ts';
import { say } from '../terminal.ts';

/** Command-line options of `export`. */
export interface ExportCall {
  name?: string;
  stateful: boolean;
  states?: string;
  precision?: string;
  allowNan: boolean;
  generator: boolean;
  sampling?: string;
  externalData: boolean;
  opset?: string;
  verify: boolean;
  cases?: string;
  torch?: string | true;
}

/** Options that apply to every kind of model. */
interface Shared {
  repository: string;
  externalData: boolean;
  verify: boolean;
  opset?: number;
  states?: StatePacking;
  precision?: Precision;
}

export async function exportCommand(source: string, dest: string, call: ExportCall): Promise<void> {
  const shared: Shared = {
    repository: dest,
    verify: call.verify,
    externalData: call.externalData,
    ...(call.opset !== undefined && { opset: readOpset(call.opset) }),
    ...(call.states !== undefined && { states: readOne('--states', statePackings, call.states) }),
    ...(call.precision !== undefined && { precision: readOne('--precision', precisions, call.precision) }),
  };
  const torch = call.torch === true ? 'tanh' : call.torch;
  if (isRunFolder(source)) {
    if (torch !== undefined) {
      throw new ConfigError(
        `export ${source}: --torch: expected a safetensors file of PyTorch, got a run folder; omit the option`,
      );
    }
    await exportRun(source, call, shared);
    return;
  }
  const artifacts = await readModelFile(
    source,
    torch === undefined ? undefined : readOne('--torch', ['tanh', 'relu'] as const, torch),
  );
  const { name } = call;
  if (name === undefined) {
    throw new ConfigError(
      `export ${source}: expected --name NAME, because the file has no name for it; add the option`,
    );
  }
  if (isOndaNet(artifacts)) {
    const scaler = noScaler(inputFeatures(artifacts));
    const sampling = samplingOf(artifacts, call);
    const { allowNan } = call;
    const net = { name, artifacts, lag: 1, scaler, sampling, training: null, allowNan };
    sayResult(await exportNetModel({ ...net, ...shared }));
    return;
  }
  if (call.states !== undefined && !call.stateful) {
    throw new ConfigError(
      `export ${source}: --states: expected --stateful as well, because a layers model is exported without its states; add --stateful or omit --states`,
    );
  }
  const { stateful, allowNan } = call;
  if ((call.generator || call.sampling !== undefined) && (shared.precision ?? 'float32') !== 'float32') {
    throw new ConfigError(
      `export ${source}: --precision: expected float32 together with --generator, got ${shared.precision}; the generator of a layers model has float32 weights, so omit one of the options`,
    );
  }
  const sampling = call.sampling === undefined ? null : readSampling(call.sampling, artifacts);
  const generator = call.generator || sampling !== null ? { generator: { sampling } } : {};
  const cases = call.cases === undefined ? {} : { cases: call.cases };
  sayResult(
    await exportLayersModel({ name, artifacts, stateful, allowNan, ...generator, ...cases, ...shared }),
  );
}

function sayResult(result: WarnedResult): void {
  for (const warning of result.warnings) say(`warning: ${warning}`);
  say(describeExport(result));
}

/** Exports the net of a run, always with states. */
async function exportRun(source: string, call: ExportCall, shared: Shared): Promise<void> {
  const summary = readSummary(source);
  const artifacts = readArtifacts(path.join(source, runFiles.model));
  const result = await exportNetModel({
    name: call.name ?? summary.config.name,
    artifacts,
    lag: summary.config.lag,
    scaler: summary.scaler,
    sampling: samplingOf(artifacts, call),
    training: trainingOf(summary),
    allowNan: call.allowNan,
    ...shared,
  });
  sayResult(result);
}

/** The requested sampling, else that of the net's loss. */
function samplingOf(artifacts: LayersModel, { sampling }: ExportCall): Sampling | null {
  return sampling === undefined ? netSampling(artifacts) : readSampling(sampling, artifacts);
}

function readOpset(text: string): number {
  const opset = Number(text);
  if (Number.isSafeInteger(opset)) return opset;
  throw new ConfigError(
    `--opset: expected a number from ${opsets.min} to ${opsets.max}, got ${JSON.stringify(text)}; correct or omit the option`,
  );
}

function readOne<T extends string>(option: string, known: readonly T[], text: string): T {
  const found = known.find((value) => value === text);
  if (found !== undefined) return found;
  throw new ConfigError(
    `${option}: expected ${known.join(' or ')}, got ${JSON.stringify(text)}; correct or omit the option`,
  );
}

function noScaler(features: number): Scaler {
  return {
    kind: 'none',
    center: new Array<number>(features).fill(0),
    scale: new Array<number>(features).fill(1),
  };
}

/** The number of features: the rows of the first weight matrix. */
function inputFeatures({ weightSpecs }: LayersModel): number {
  return weightSpecs.find(({ shape }) => shape.length === 2)?.shape[0] ?? 1;
}

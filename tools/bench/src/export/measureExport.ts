import path from 'node:path';
import { ResultError } from '@onda/contract';
import { interleavedRounds } from '../rounds.ts';
import type { ExportSystem, ExportSystemName } from './exportSystems.ts';
import type { ExportWork } from './exportWorks.ts';
import type { Contents, Sample } from './judgeFile.ts';
import { contentsOf, LoadedFile, sampleOf } from './judgeFile.ts';
import { drawWeights, writeLayersModel } from './writeModel.ts';

/** What one system made of one model. */
export type Outcome =
  | { readonly refused: string }
  | {
      readonly contents: Contents;
      /** From file to file by the command line, a value a round; seconds. */
      readonly command: readonly number[];
      /** The same inside a running process, the first conversion apart: it warms up. */
      readonly inside: readonly number[];
      readonly first: number;
      /** Greatest difference to TensorFlow.js, relative to the greatest value. */
      readonly difference: number;
      /** Milliseconds a run in onnxruntime-node, batch 1, 20 samples, a value a round. */
      readonly inference: readonly number[];
    };

export interface MeasuredExport {
  readonly work: ExportWork;
  readonly weights: number;
  readonly outcomes: ReadonlyMap<ExportSystemName, Outcome>;
}

export interface ExportPlan {
  /** Times that a model is converted by command and inside a process, ours and the others' (minutes in all). */
  readonly ours: number;
  readonly others: number;
  readonly inferenceRounds: number;
}

/** Makes the model, has each system convert it, and measures the files. */
export async function measureExport(
  work: ExportWork,
  systems: readonly ExportSystem[],
  plan: ExportPlan,
  folder: string,
): Promise<MeasuredExport> {
  const model = work.build();
  drawWeights(model, 1);
  const { file, weightBytes } = await writeLayersModel(model, path.join(folder, work.name));
  const sample = sampleOf(model, work);
  model.dispose();
  const converted = new Map<ExportSystemName, Conversion | { refused: string }>();
  for (const system of systems)
    converted.set(system.name, await convert(system, file, path.join(folder, work.name, system.name), plan));
  const outcomes = await judge(converted, sample, plan.inferenceRounds);
  return { work, weights: weightBytes / 4, outcomes };
}

interface Conversion {
  file: string;
  command: number[];
  inside: number[];
  first: number;
}

async function convert(
  system: ExportSystem,
  model: string,
  folder: string,
  plan: ExportPlan,
): Promise<Conversion | { refused: string }> {
  const times = system.name === 'onda' ? plan.ours : plan.others;
  try {
    const warm = await system.inside(model, path.join(folder, 'inside'));
    const inside: number[] = [];
    const command: number[] = [];
    for (let time = 0; time < times; time++) {
      inside.push((await system.inside(model, path.join(folder, 'inside'))).seconds);
      command.push((await system.command(model, path.join(folder, 'command'))).seconds);
    }
    return { file: warm.file, command, inside, first: warm.seconds };
  } catch (error) {
    if (!(error instanceof ResultError)) throw error;
    return {
      refused: error.message.replace(/^worker [a-z]+: /, '').replace(/; run the bench without.*$/, ''),
    };
  }
}

async function judge(
  converted: ReadonlyMap<ExportSystemName, Conversion | { refused: string }>,
  sample: Sample,
  rounds: number,
): Promise<Map<ExportSystemName, Outcome>> {
  const loaded = new Map<ExportSystemName, LoadedFile>();
  for (const [name, result] of converted)
    if ('file' in result) loaded.set(name, await LoadedFile.open(result.file, sample));
  const contestants = [...loaded].map(([name, file]) => ({ name, run: (steps: number) => file.time(steps) }));
  const times = await interleavedRounds(contestants, { rounds, targetMs: 100, slowRounds: rounds });
  const outcomes = new Map<ExportSystemName, Outcome>();
  for (const [name, result] of converted) {
    const file = loaded.get(name);
    if ('refused' in result || file === undefined) {
      outcomes.set(name, result as { refused: string });
      continue;
    }
    outcomes.set(name, {
      contents: contentsOf(result.file),
      command: result.command,
      inside: result.inside,
      first: result.first,
      difference: await file.difference(sample),
      inference: times.get(name) ?? [],
    });
    await file.close();
  }
  return outcomes;
}

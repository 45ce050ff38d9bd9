import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { openBackend } from '@onda/tfjs-native';
import type { BenchCall, BenchResult } from '../bench.ts';
import { otherCores, readCpuTicks } from '../otherWork.ts';
import { exportGoals } from './exportGoals.ts';
import { exportPicture } from './exportPicture.ts';
import type { ExportSystem, ExportSystemName } from './exportSystems.ts';
import {
  exportPeak,
  exportSystemNames,
  ondaSystem,
  parseExportSystem,
  pythonSystems,
} from './exportSystems.ts';
import { exportRows, exportTable, modelsTable, refusedTable } from './exportTables.ts';
import { exportWorks, parseExportWork } from './exportWorks.ts';
import type { ExportPlan, MeasuredExport } from './measureExport.ts';
import { measureExport } from './measureExport.ts';

const plans = {
  usual: { ours: 5, others: 1, inferenceRounds: 7 },
  quick: { ours: 2, others: 1, inferenceRounds: 3 },
} satisfies Record<string, ExportPlan>;

/** What `--quick` converts. */
const quickWorks = ['rnn-32', 'lstm-64', 'lstm-10-million'];

/**
 * Our exporter and both Python roads on recurrent models of TensorFlow.js: what is converted, what the files hold and give, how long the
 * conversion and a run of the file take.
 */
export async function exportBench(call: BenchCall): Promise<BenchResult> {
  const works = (call.works ?? (call.quick ? quickWorks : exportWorks.map(({ name }) => name))).map(
    parseExportWork,
  );
  const names = (call.systems ?? exportSystemNames).map(parseExportSystem);
  const plan: ExportPlan = { ...(call.quick ? plans.quick : plans.usual) };
  await openBackend({ want: 'cpu' });
  const { systems, notes } = await openSystems(names, call.say);
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-bench-export-'));
  const before = readCpuTicks([]);
  const measure = async (): Promise<Omit<BenchResult, 'otherCores'>> => {
    const measured: MeasuredExport[] = [];
    for (const [index, work] of works.entries()) {
      call.say(`${index + 1} of ${works.length}: ${work.name}`);
      const tried = systems.filter(({ name }) => work.alone !== true || name === 'onda');
      measured.push(await measureExport(work, tried, { ...plan, ours: call.rounds ?? plan.ours }, folder));
    }
    const modelFile = (name: string): string => path.join(folder, name, 'model.json');
    // Of the largest alone: beside a small model, memory is the program's own.
    const largest = works.find(({ alone }) => alone)?.name;
    const measurable = largest !== undefined && names.includes('onda');
    const peak = measurable ? await exportPeak(modelFile(largest), modelFile(works[0].name)) : null;
    const refused = refusedTable(measured);
    return {
      section: 'export',
      rows: exportRows(measured, peak),
      tables: [exportTable(measured), ...(refused ? [refused] : []), modelsTable(measured)],
      notes: [
        ...systems.map(({ about }) => about),
        ...notes,
        ...(peak
          ? [
              `peak memory of our export of ${largest ?? ''} beside its weights: ${(peak.bytes / peak.weights).toFixed(2)} times their size`,
            ]
          : []),
      ],
      picture: exportPicture(measured),
      problems: [],
      goals: exportGoals(measured, peak),
    };
  };
  const result = await measure().finally(async () => {
    for (const system of systems) await system.close();
    rmSync(folder, { recursive: true, force: true });
  });
  // With the workers ended, what they and their commands took counts as this process's.
  return { ...result, otherCores: otherCores(before, readCpuTicks([]), cpus().length) };
}

async function openSystems(
  names: readonly ExportSystemName[],
  say: (line: string) => void,
): Promise<{ systems: ExportSystem[]; notes: string[] }> {
  const systems: ExportSystem[] = names.includes('onda') ? [ondaSystem()] : [];
  if (names.every((name) => name === 'onda')) return { systems, notes: [] };
  const python = await pythonSystems(say);
  if ('missing' in python) return { systems, notes: [python.missing] };
  return { systems: [...systems, ...python.systems.filter(({ name }) => names.includes(name))], notes: [] };
}

import { cruise, type ICruiseResult } from 'dependency-cruiser';
import type { Problem } from './workspace.ts';

/** Import cycles among the sources below `folders` (paths relative to the working directory); type-only imports count too. */
export async function importCycles(folders: readonly string[]): Promise<Problem[]> {
  const { output } = await cruise([...folders], {
    ruleSet: {
      forbidden: [{ name: 'no-circular', severity: 'error', from: {}, to: { circular: true } }],
    },
    validate: true,
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: ['node_modules'] },
    exclude: { path: ['/dist/', '\\.test\\.ts$'] },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'default'],
    },
  });
  const { summary } = output as ICruiseResult;
  if (summary.totalCruised === 0) {
    return [{ place: folders.join(', '), text: 'expected source files, found none; correct the folders' }];
  }
  return summary.violations.map((violation) => ({
    place: violation.from,
    text: `import cycle: ${[violation.from, ...(violation.cycle ?? []).map((step) => step.name)].join(' -> ')}; move the shared part into a separate file`,
  }));
}

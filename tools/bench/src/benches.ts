import type { Bench } from './bench.ts';

/** Every bench by its name on the command line, loaded when it is called. */
export const benches = {
  generation: async () => (await import('./generation/generationBench.ts')).generationBench,
  export: async () => (await import('./export/exportBench.ts')).exportBench,
  training: async () => (await import('./training/trainingBench.ts')).trainingBench,
  gpu: async () => (await import('./gpu/gpuBench.ts')).gpuBench,
  serving: async () => (await import('./serving/servingBench.ts')).servingBench,
  soak: async () => (await import('./soak/soakBench.ts')).soakBench,
  overload: async () => (await import('./overload/overloadBench.ts')).overloadBench,
} satisfies Record<string, () => Promise<Bench>>;

export type BenchName = keyof typeof benches;

export const benchNames = Object.keys(benches) as BenchName[];

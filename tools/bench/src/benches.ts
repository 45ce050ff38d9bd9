import type { Bench } from './bench.ts';

export type BenchName =
  'training' | 'generation' | 'export' | 'serving' | 'overload' | 'soak' | 'gpu' | 'forecast';

/** Every bench by its name, loaded when it runs. */
export const benches: Record<BenchName, () => Promise<Bench>> = {
  training: async () => (await import('./training/trainingBench.ts')).trainingBench,
  generation: async () => (await import('./generation/generationBench.ts')).generationBench,
  export: async () => (await import('./export/exportBench.ts')).exportBench,
  serving: async () => (await import('./serving/servingBench.ts')).servingBench,
  overload: async () => (await import('./serving/overloadBench.ts')).overloadBench,
  soak: async () => (await import('./serving/soakBench.ts')).soakBench,
  forecast: async () => (await import('./forecast/forecastBench.ts')).forecastBench,
  gpu: async () => (await import('./generation/gpuBench.ts')).gpuBench,
};

export const benchNames = Object.keys(benches) as BenchName[];

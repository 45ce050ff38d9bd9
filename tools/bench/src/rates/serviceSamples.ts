import type { ServerProcess } from '../serving/serverProcess.ts';

/** What the service says of itself at a moment. */
export interface ServiceSample {
  /** Milliseconds since 1970. */
  atMs: number;
  /** Mebibytes: all of the process, and of it what JavaScript uses. */
  residentMiB: number;
  heapMiB: number;
  liveSequences: number;
}

const MIB = 2 ** 20;
const EVERY_MS = 1000;

/** Reads the service's metrics each second while something runs. */
export async function sampledWhile<Result>(
  server: ServerProcess,
  work: () => Promise<Result>,
): Promise<{ result: Result; samples: ServiceSample[] }> {
  const samples: ServiceSample[] = [];
  let reading = Promise.resolve();
  const timer = setInterval(() => {
    reading = reading.then(async () => {
      samples.push(await readSample(server));
    });
    // It is told below; here nobody would wait for it.
    reading.catch(() => undefined);
  }, EVERY_MS);
  try {
    const result = await work();
    await reading;
    return { result, samples };
  } finally {
    clearInterval(timer);
  }
}

async function readSample({ metrics }: ServerProcess): Promise<ServiceSample> {
  const text = await (await fetch(`${metrics}/metrics`)).text();
  return {
    atMs: Date.now(),
    residentMiB: metricValue(text, 'process_resident_memory_bytes') / MIB,
    heapMiB: metricValue(text, 'nodejs_heap_size_used_bytes') / MIB,
    liveSequences: metricValue(text, 'onda_sequences_live'),
  };
}

/** A metric of Prometheus' text form, summed over its labels; NaN where there is none. */
export function metricValue(text: string, name: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) return NaN;
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

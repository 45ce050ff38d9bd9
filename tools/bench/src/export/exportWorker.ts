import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { LayersArtifacts } from '@onda/exporter';
import { exportModel } from '@onda/exporter';
import { writeModel } from '@onda/onnx';
import { answerRequests } from '../workers.ts';

/* Onda's export as a worker: from model.json and weights.bin to model.onnx, without loading TensorFlow.js. */
await answerRequests({
  convert: ({ model, folder }: { model: string; folder: string }) => {
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'model.onnx');
    const started = performance.now();
    writeFileSync(file, exported(readLayersModel(model)));
    return { seconds: (performance.now() - started) / 1000, file };
  },
  /** Bytes by which the process grows while it exports, with the weights already in memory; null without /proc. */
  peak: ({ model, small }: { model: string; small: string }) => {
    // Loads and compiles what an export needs.
    for (let time = 0; time < 3; time++) exported(readLayersModel(small));
    const artifacts = readLayersModel(model);
    globalThis.gc?.();
    const before = resetPeak();
    exported(artifacts);
    const peak = memoryStatus('VmHWM');
    return {
      bytes: before === null || peak === null ? null : Math.max(0, peak - before),
      weights: artifacts.weightData.byteLength,
    };
  },
});

function exported(artifacts: LayersArtifacts): Uint8Array {
  return writeModel(exportModel(artifacts, { producerVersion: 'bench' }).model);
}

interface ModelJson {
  modelTopology: unknown;
  weightsManifest: [{ paths: [string]; weights: LayersArtifacts['weightSpecs'] }];
}

/** What `writeLayersModel` wrote, for the exporter. */
function readLayersModel(file: string): LayersArtifacts & { weightData: ArrayBuffer } {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(file, 'utf8')) as ModelJson;
  const [{ paths, weights }] = weightsManifest;
  const data = readFileSync(path.join(path.dirname(file), paths[0]));
  const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  return { modelTopology, weightSpecs: weights, weightData };
}

/** Resets the peak of resident memory (proc(5), clear_refs); returns the resident memory in bytes. */
function resetPeak(): number | null {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    return null;
  }
  return memoryStatus('VmRSS');
}

/** A field of /proc/self/status in bytes; null without /proc. */
function memoryStatus(key: 'VmRSS' | 'VmHWM'): number | null {
  try {
    const kibibytes = new RegExp(`^${key}:\\s*(\\d+) kB$`, 'm').exec(
      readFileSync('/proc/self/status', 'utf8'),
    );
    return kibibytes === null ? null : 1024 * Number(kibibytes[1]);
  } catch {
    return null;
  }
}

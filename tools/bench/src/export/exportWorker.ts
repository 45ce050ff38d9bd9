import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exportModel } from '@onda/exporter';
import { writeModel } from '@onda/onnx';
import { answerLines } from '../worker/answerLines.ts';
import { readLayersModel } from './readModel.ts';

/*
 * Our export inside a running process: from model.json and weights.bin to model.onnx. TensorFlow.js is not loaded: the exporter needs none.
 */
await answerLines({
  convert: ({ model, folder }: { model: string; folder: string }) => {
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'model.onnx');
    const started = performance.now();
    const { model: exported } = exportModel(readLayersModel(model, readFileSync), {
      producerVersion: 'bench',
    });
    writeFileSync(file, writeModel(exported));
    return { seconds: (performance.now() - started) / 1000, file };
  },
  /** Bytes by which the process grew at most while it exported, the weights already in memory. */
  peak: ({ model }: { model: string }) => {
    const artifacts = readLayersModel(model, readFileSync);
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    const bytes = writeModel(exportModel(artifacts, { producerVersion: 'bench' }).model);
    // In kibibytes; the greatest that there was since the process started.
    const peak = 1024 * process.resourceUsage().maxRSS;
    return {
      bytes: Math.max(0, peak - before),
      weights: artifacts.weightData.byteLength,
      file: bytes.length,
    };
  },
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exportModel } from '@onda/exporter';
import { writeModel } from '@onda/onnx';
import { answerLines } from '../worker/answerLines.ts';
import { peakBytes, resetPeak } from './peakMemory.ts';
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
  /** Bytes by which the process grew at most while it exported, the weights already in memory; null where Linux's /proc is not there. */
  peak: ({ model, small }: { model: string; small: string }) => {
    // Loads and compiles what an export needs: memory of the program, not of the model.
    for (let time = 0; time < 3; time++)
      writeModel(exportModel(readLayersModel(small, readFileSync), { producerVersion: 'bench' }).model);
    const artifacts = readLayersModel(model, readFileSync);
    globalThis.gc?.();
    const before = resetPeak();
    const bytes = writeModel(exportModel(artifacts, { producerVersion: 'bench' }).model);
    const peak = peakBytes();
    return {
      bytes: before === null || peak === null ? null : Math.max(0, peak - before),
      weights: artifacts.weightData.byteLength,
      file: bytes.length,
    };
  },
});

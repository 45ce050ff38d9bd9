import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { parseManifest } from '@onda/contract';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { emptyFolder, onda } from './command.ts';

/** 2.5 GB of weights, above the limits of protobuf, one read and one hash. Set `ONDA_LARGE=true`; needs 8 GB of memory and of disk. */
const wanted = process.env['ONDA_LARGE'] === 'true';
const [words, features] = [620_000, 1024];
const weightBytes = 4 * words * features;
/** A sum of 1,024 products of about 0.1; measured 2e-6. */
const ATOL = 1e-4;
/** The process itself, and pages of files on their way. */
const around = 400 * 2 ** 20;

const folder = emptyFolder();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The value at a place of the table. */
const valueAt = (place: number): number => Math.fround((place % 1009) / 1009 - 0.5);
const kernelAt = (place: number): number => Math.fround((place % 7) / 7 - 0.4);

/** An embedding and a read-out, saved in files of at most `shardBytes` bytes. */
function saveModel(name: string, shardBytes: number): string {
  const source = path.join(folder, name);
  mkdirSync(source);
  const layers = [
    {
      class_name: 'Embedding',
      config: {
        name: 'table',
        input_dim: words,
        output_dim: features,
        batch_input_shape: [null, null],
        dtype: 'int32',
      },
    },
    { class_name: 'Dense', config: { name: 'out', units: 1, use_bias: false, activation: 'linear' } },
  ];
  const all = weightBytes + 4 * features;
  const paths: string[] = [];
  for (let start = 0; start < all; start += shardBytes) {
    const shard = `part${paths.push(`part${paths.length}.bin`) - 1}.bin`;
    const handle = openSync(path.join(source, shard), 'w');
    for (let at = start; at < Math.min(start + shardBytes, all); at += 2 ** 22) {
      const count = Math.min(2 ** 22, all - at, start + shardBytes - at) / 4;
      const first = at / 4;
      writeSync(
        handle,
        new Uint8Array(
          Float32Array.from({ length: count }, (_, index) => {
            const place = first + index;
            return place < words * features ? valueAt(place) : kernelAt(place - words * features);
          }).buffer,
        ),
      );
    }
    closeSync(handle);
  }
  const weights = [
    { name: 'table/embeddings', shape: [words, features], dtype: 'float32' },
    { name: 'out/kernel', shape: [features, 1], dtype: 'float32' },
  ];
  writeFileSync(
    path.join(source, 'model.json'),
    JSON.stringify({
      format: 'layers-model',
      modelTopology: { model_config: { class_name: 'Sequential', config: { name: 'large', layers } } },
      weightsManifest: [{ paths, weights }],
    }),
  );
  return source;
}

const peakOf = (stderr: string): number => 1024 * Number(/^peak (\d+)$/m.exec(stderr)?.[1]);
const tellPeak = `--import data:text/javascript,process.on('exit',()=>console.error('peak',process.resourceUsage().maxRSS))`;

describe.skipIf(!wanted)('export of a model beyond 2 GB', () => {
  it.each([
    ['one file', 4 * words * features + 4 * features],
    ['files of 4 MiB', 2 ** 22],
  ])(
    'whose weights are saved in %s',
    async (what, shardBytes) => {
      const source = saveModel(what.replaceAll(' ', '-'), shardBytes);
      const dest = path.join(folder, `models-${String(shardBytes)}`);
      const inside = await onda(['export', source, dest, '--name', 'large'], folder);
      expect([inside.code, inside.stderr.trim().split('\n').length]).toEqual([2, 1]);
      expect(inside.stderr).toContain('add --external-data, and --no-verify');

      const args = ['export', source, dest, '--name', 'large', '--external-data', '--no-verify'];
      const start = performance.now();
      const { code, stderr } = await onda(args, folder, { NODE_OPTIONS: tellPeak });
      const seconds = (performance.now() - start) / 1000;
      expect([code, stderr]).toEqual([0, expect.stringContaining('large')]);
      console.info(
        `${what}: ${seconds.toFixed(1)} s, peak ${(peakOf(stderr) / weightBytes).toFixed(2)} times the weights`,
      );
      expect(peakOf(stderr)).toBeLessThan(2 * weightBytes + around);

      const version = path.join(dest, 'large/1');
      const { files } = parseManifest(
        JSON.parse(readFileSync(path.join(version, 'onda.json'), 'utf8')),
        'onda.json',
      );
      for (const [name, { bytes, sha256 }] of Object.entries(files)) {
        const file = path.join(version, name);
        expect(statSync(file).size).toBe(bytes);
        const hash = createHash('sha256');
        for await (const part of createReadStream(file)) hash.update(part as Buffer);
        expect(hash.digest('hex')).toBe(sha256);
      }

      const session = await InferenceSession.create(path.join(version, 'model.onnx'));
      const chosen = [0, 1, 77_777, 524_287, 524_288, words - 1];
      const x = new Tensor('int32', Int32Array.from(chosen), [1, chosen.length]);
      const { out } = await session.run({ [session.inputNames[0]]: x });
      await session.release();
      const expected = chosen.map((word) =>
        Array.from({ length: features }, (_, at) => valueAt(word * features + at) * kernelAt(at)).reduce(
          (a, b) => a + b,
        ),
      );
      (out.data as Float32Array).forEach((value, index) => {
        expect(Math.abs(value - expected[index])).toBeLessThan(ATOL);
      });

      // The same bytes again make no new version: the files are compared without being read whole.
      const again = await onda(args, folder);
      expect(again.stderr).toContain('already has these bytes; no new version was created');
      rmSync(source, { recursive: true });
      rmSync(dest, { recursive: true });
    },
    900_000,
  );
});

import {
  ConfigError,
  DataError,
  fitConfigSchema,
  modelFiles,
  requireNetManifest,
  type NetManifest,
} from '@onda/contract';
import { floatTensor, generate, type FloatTensor } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { sineChunk } from '@onda/series';
import { readModelCsv } from '../data/csvColumns.ts';
import { terminalChart } from '../terminalChart.ts';

/** More samples than anybody looks at; a guard against a slip of the keyboard. */
const mostSamples = 10_000_000;

function parseSamples(text: string): number {
  const samples = Number(text);
  if (!Number.isSafeInteger(samples) || samples < 1 || samples > mostSamples) {
    throw new ConfigError(
      `--samples: expected a whole number from 1 to ${mostSamples}, got ${JSON.stringify(text)}; correct the call`,
    );
  }
  return samples;
}

/** The prompt from a CSV file, or the first chunk of the sine that the model was trained on. */
function readPrompt(manifest: NetManifest, file: string | undefined): FloatTensor {
  const { features } = manifest.net;
  if (file !== undefined) {
    const { rows, values } = readModelCsv(file, manifest);
    return floatTensor([1, rows, features], values);
  }
  const config = fitConfigSchema.safeParse(manifest.training?.config);
  if (config.success && config.data.data.kind === 'sine') {
    const { x } = sineChunk(0, config.data.data.samples, manifest.lag);
    return floatTensor([1, x.length, 1], x);
  }
  throw new DataError(
    `model "${manifest.name}": expected --prompt FILE.csv with the values that come before, got none; only a model of made sines knows its own prompt`,
  );
}

export async function generateCommand(
  folder: string,
  options: { samples: string; prompt?: string; json: boolean },
): Promise<void> {
  const samples = parseSamples(options.samples);
  const { manifest: read, files } = await readModelFolder(folder);
  const manifest = requireNetManifest(read, folder);
  const bytes = files.get(modelFiles.generator)?.bytes;
  if (!bytes) {
    throw new ConfigError(
      `model "${manifest.name}": expected a generator, got a model whose ${manifest.net.outputs} outputs are not its ${manifest.net.features} features; only a model that predicts its own inputs can generate`,
    );
  }
  const prompt = readPrompt(manifest, options.prompt);
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const session = await runtime.createSession(bytes);
  const { y } = await generate(session, manifest, prompt, undefined, samples);
  await session.release();

  const { outputs } = manifest.net;
  const rows = Array.from({ length: samples }, (_, i) =>
    Array.from(y.data.subarray(i * outputs, (i + 1) * outputs)),
  );
  if (options.json) {
    const document = {
      model: manifest.name,
      version: manifest.version,
      samples,
      values: outputs === 1 ? rows.flat() : rows,
    };
    process.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  process.stderr.write(`${terminalChart(rows.map(([value]) => value))}\n`);
  process.stdout.write(`${rows.map((row) => row.join(',')).join('\n')}\n`);
}

import { ConfigError, DataError, fitConfigSchema, modelFiles, type Manifest } from '@onda/contract';
import { floatTensor, runGenerator, type RuntimeTensor } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { sineChunk } from '@onda/series';
import { readModelValues } from '../modelSeries.ts';
import { terminalChart } from '../terminal.ts';

/** Upper limit of --samples, against typing errors. */
const mostSamples = 10_000_000;

function parseSamples(text: string): number {
  const samples = Number(text);
  if (!Number.isSafeInteger(samples) || samples < 1 || samples > mostSamples) {
    throw new ConfigError(
      `--samples: expected a whole number from 1 to ${mostSamples}, got ${JSON.stringify(text)}; correct the option`,
    );
  }
  return samples;
}

/** Parses an int64. */
function parseSeed(text: string): bigint {
  const seed = /^-?\d{1,19}$/.test(text) ? BigInt(text) : 2n ** 63n;
  if (seed === BigInt.asIntN(64, seed)) return seed;
  throw new ConfigError(
    `--seed: expected a whole number of 64 bits, got ${JSON.stringify(text)}; correct the option`,
  );
}

function withoutGenerator({ net }: Manifest): string {
  if (net === null) return 'a layers model that was exported without --generator';
  return `a model whose ${net.outputs} outputs are not its ${net.features} features`;
}

/** The prompt from a CSV file, or the first chunk of the training data of a sine model. */
async function readPrompt(manifest: Manifest, file: string | undefined): Promise<RuntimeTensor> {
  if (file !== undefined) {
    const [{ shape, type }] = manifest.tensors.generator?.inputs ?? [];
    const words = shape.length === 2;
    const features = words ? 1 : Number(shape[2]);
    const { rows, values } = await readModelValues(file, { ...manifest, features });
    const least = manifest.prompt ?? manifest.lag;
    if (rows < least) {
      throw new DataError(
        `--prompt ${file}: expected at least ${least} samples, got ${rows}; pass a longer prompt`,
      );
    }
    const dims = words ? [1, rows] : [1, rows, features];
    return type === 'int32' ? { type, dims, data: Int32Array.from(values) } : floatTensor(dims, values);
  }
  const config = fitConfigSchema.safeParse(manifest.training?.config);
  if (config.success && config.data.data.kind === 'sine') {
    const { x } = sineChunk(0, config.data.data.samples, manifest.lag);
    return floatTensor([1, x.length, 1], x);
  }
  throw new DataError(
    `model "${manifest.name}": expected --prompt FILE.csv with the preceding values, got none; only a model of the sine data has a default prompt`,
  );
}

export async function generateCommand(
  folder: string,
  options: { samples: string; prompt?: string; seed?: string; json: boolean },
): Promise<void> {
  const samples = parseSamples(options.samples);
  const { manifest, files } = await readModelFolder(folder);
  const bytes = files.get(modelFiles.generator)?.bytes;
  if (!bytes) {
    throw new ConfigError(
      `model "${manifest.name}": expected a generator, got ${withoutGenerator(manifest)}; only a model that predicts its own inputs can generate`,
    );
  }
  const prompt = await readPrompt(manifest, options.prompt);
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const session = await runtime.createSession(bytes);
  const draws = options.seed === undefined ? undefined : { seed: parseSeed(options.seed) };
  const { y } = await runGenerator(session, manifest, { prompt, samples, draws });
  await session.release();

  const values = Array.from(y.data as ArrayLike<number>);
  const outputs = values.length / samples;
  const rows = Array.from({ length: samples }, (_, i) => values.slice(i * outputs, (i + 1) * outputs));
  if (options.json) {
    const document = {
      model: manifest.name,
      version: manifest.version,
      samples,
      ...(draws && { seed: String(draws.seed) }),
      values: outputs === 1 ? rows.flat() : rows,
    };
    process.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  process.stderr.write(`${terminalChart(rows.map(([value]) => value))}\n`);
  process.stdout.write(`${rows.map((row) => row.join(',')).join('\n')}\n`);
}

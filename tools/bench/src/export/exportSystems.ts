import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ConfigError, ResultError } from '@onda/contract';
import { ensurePython } from '../peers/python.ts';
import { runProgram } from '../peers/runProgram.ts';
import { appCommand } from '../worker/appCommand.ts';
import { LineProcess } from '../worker/lineProcess.ts';
import { nodeCommand } from '../worker/nodeCommand.ts';

export const exportSystemNames = ['onda', 'python-graph', 'python-keras'] as const;
export type ExportSystemName = (typeof exportSystemNames)[number];

/** One way from model.json to an ONNX file. */
export interface ExportSystem {
  readonly name: ExportSystemName;
  /** For people: what it is, with its version. */
  readonly about: string;
  /**
   * By the command line, in processes of their own; seconds.
   *
   * @throws ResultError where it does not convert the model
   */
  command(model: string, folder: string): Promise<Converted>;
  /** The same inside a running process. */
  inside(model: string, folder: string): Promise<Converted>;
  close(): Promise<void>;
}

const convertedSchema = z.object({ seconds: z.number(), file: z.string() });
export type Converted = z.infer<typeof convertedSchema>;

const peaksSchema = z.object({ bytes: z.number().nullable(), weights: z.number(), file: z.number() });

const worker = new URL('./exportWorker.ts', import.meta.url);
const peer = (name: string): string => fileURLToPath(new URL(`../../peers/${name}`, import.meta.url));

export function parseExportSystem(name: string): ExportSystemName {
  const found = exportSystemNames.find((known) => known === name);
  if (found !== undefined) return found;
  throw new ConfigError(
    `--systems: expected names of systems (${exportSystemNames.join(', ')}), got ${JSON.stringify(name)}; correct it`,
  );
}

/** `npm run export` without what npm itself takes: a process that ends when the model is in a repository, compared with TensorFlow.js. */
export function ondaSystem(): ExportSystem {
  const running = new LineProcess('onda', nodeCommand(worker));
  return {
    name: 'onda',
    about:
      "onda: our exporter; as a command it also compares the file with TensorFlow.js's values and writes the model folder",
    async command(model, folder) {
      rmSync(folder, { recursive: true, force: true });
      const { program, args } = appCommand('trainer', 'export', [model, folder, '--name', 'model']);
      const seconds = await timed('onda', program, args);
      return { seconds, file: path.join(folder, 'model', '1', 'model.onnx') };
    },
    inside: (model, folder) => running.ask({ do: 'convert', model, folder }, convertedSchema),
    close: () => running.close(),
  };
}

/** Peak memory of an export in a process of its own beside the weights that it reads, in bytes; null where it cannot be measured. */
export async function exportPeak(
  model: string,
  small: string,
): Promise<{ bytes: number; weights: number } | null> {
  const { program, args, env } = nodeCommand(worker);
  const once = new LineProcess('onda', { program, args: ['--expose-gc', ...args], ...(env && { env }) });
  try {
    const { bytes, weights } = await once.ask({ do: 'peak', model, small }, peaksSchema);
    return bytes === null ? null : { bytes, weights };
  } finally {
    await once.close();
  }
}

interface Road {
  readonly name: 'python-graph' | 'python-keras';
  readonly road: 'graph' | 'keras';
  readonly about: string;
  /** Format and place of the converter's output, and how tf2onnx is given it. */
  readonly format: string;
  readonly output: string;
  readonly given: readonly [flag: string, place: string];
}

const roads: readonly Road[] = [
  {
    name: 'python-graph',
    road: 'graph',
    about: 'python-graph: tensorflowjs_converter to a graph model, then tf2onnx --tfjs',
    format: 'tfjs_graph_model',
    output: 'graph',
    given: ['--tfjs', 'graph/model.json'],
  },
  {
    name: 'python-keras',
    road: 'keras',
    about: 'python-keras: tensorflowjs_converter to Keras .h5, then tf2onnx --keras',
    format: 'keras',
    output: 'model.h5',
    given: ['--keras', 'model.h5'],
  },
];

/** Both Python roads, or why they cannot be had. */
export async function pythonSystems(
  say: (line: string) => void,
): Promise<{ systems: ExportSystem[] } | { missing: string }> {
  const requirements = peer('exporting-requirements.txt');
  const size = 'about 0.9 GB from PyPI, 2.5 GB on disk, once';
  const found = await ensurePython({ name: 'Converters', requirements, size }, say);
  if ('missing' in found)
    return { missing: `the Python roads are left out: ${found.missing}. Remedy: ${found.remedy}.` };
  const { python } = found;
  const env = { ...process.env, CUDA_VISIBLE_DEVICES: '', TF_CPP_MIN_LOG_LEVEL: '3' };
  const script = peer('exporting.py');
  // One process for both: each loads TensorFlow, 0.5 GB.
  const running = new LineProcess('python', { program: python, args: [script], env });
  const { version } = await running.ask({ do: 'hello' }, z.object({ version: z.string() }));
  return {
    systems: roads.map(({ name, road, about, format, output, given: [flag, place] }) => ({
      name,
      about: `${about} (${version})`,
      async command(model, folder) {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { recursive: true });
        const converter = ['-m', 'tensorflowjs.converters.converter', '--input_format', 'tfjs_layers_model'];
        const first = [...converter, '--output_format', format, model, path.join(folder, output)];
        const file = path.join(folder, 'model.onnx');
        const second = [
          '-m',
          'tf2onnx.convert',
          flag,
          path.join(folder, place),
          '--output',
          file,
          '--opset',
          '17',
        ];
        const seconds = (await timed(name, python, first, env)) + (await timed(name, python, second, env));
        if (!existsSync(file))
          throw new ResultError(`${name}: expected ${file}, found none; read what it printed`);
        return { seconds, file };
      },
      inside: (model, folder) => running.ask({ do: 'convert', road, model, folder }, convertedSchema),
      close: () => running.close(),
    })),
  };
}

async function timed(
  name: string,
  program: string,
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<number> {
  const started = performance.now();
  const { code, stdout, stderr } = await runProgram(program, args, env);
  if (code === 0) return (performance.now() - started) / 1000;
  const words = `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
  throw new ResultError(`${name}: ${words.trim()}`);
}

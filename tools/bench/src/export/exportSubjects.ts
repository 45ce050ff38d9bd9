import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ResultError } from '@onda/contract';
import type { Command } from '../processes.ts';
import { appCommand, lastLine, nodeCommand, runProgram } from '../processes.ts';
import { peerFile, peerPython } from '../python.ts';
import { Worker } from '../workers.ts';

export const subjectNames = ['onda', 'python-graph', 'python-keras'] as const;
export type SubjectName = (typeof subjectNames)[number];

/** One way from model.json to an ONNX file. */
export interface ExportSubject {
  readonly name: SubjectName;
  /**
   * On the command line, in separate processes.
   *
   * @throws ResultError where it does not convert the model
   */
  command(model: string, folder: string): Promise<Converted>;
  /** The same inside a running process. */
  inside(model: string, folder: string): Promise<Converted>;
}

const convertedSchema = z.object({ seconds: z.number(), file: z.string() });
type Converted = z.infer<typeof convertedSchema>;

/** The Python converters: tensorflowjs_converter to `format`, then tf2onnx from it. */
const converters = {
  'python-graph': {
    about: 'tensorflowjs_converter to a graph model, then tf2onnx --tfjs',
    route: 'graph',
    format: 'tfjs_graph_model',
    output: 'graph',
    given: ['--tfjs', 'graph/model.json'],
  },
  'python-keras': {
    about: 'tensorflowjs_converter to Keras .h5, then tf2onnx --keras',
    route: 'keras',
    format: 'keras',
    output: 'model.h5',
    given: ['--keras', 'model.h5'],
  },
} as const;

const worker = nodeCommand('export/exportWorker.ts');

/** Opens subjects for `use`, which also gets the process numbers of their workers and a note on each subject. */
export async function withSubjects<Result>(
  names: readonly SubjectName[],
  say: (line: string) => void,
  use: (subjects: ExportSubject[], pids: number[], notes: string[]) => Promise<Result>,
): Promise<Result> {
  const workers: Worker[] = [];
  const subjects: ExportSubject[] = [];
  const notes: string[] = [];
  try {
    if (names.includes('onda')) {
      const running = new Worker('onda', worker);
      workers.push(running);
      subjects.push(ondaSubject(running));
    }
    if (names.some((name) => name !== 'onda')) {
      const found = await peerPython('converters', say);
      if ('missing' in found) notes.push(`the Python converters are left out: ${found.missing}`);
      else {
        const env = { ...process.env, CUDA_VISIBLE_DEVICES: '', TF_CPP_MIN_LOG_LEVEL: '3' };
        // One process for both: each loads TensorFlow, 0.5 GB.
        const running = new Worker('python', {
          ...{ program: found.python, args: [peerFile('exporting.py')], env },
        });
        workers.push(running);
        const { version } = await running.ask({ do: 'hello' }, z.object({ version: z.string() }));
        for (const name of names) {
          if (name === 'onda') continue;
          notes.push(`${name}: ${converters[name].about} (${version})`);
          subjects.push(pythonSubject(name, { program: found.python, args: [], env }, running));
        }
      }
    }
    return await use(
      subjects,
      workers.map(({ pid }) => pid),
      notes,
    );
  } finally {
    for (const running of workers) await running.close();
  }
}

function ondaSubject(running: Worker): ExportSubject {
  return {
    name: 'onda',
    async command(model, folder) {
      rmSync(folder, { recursive: true, force: true });
      const command = appCommand('trainer', 'export', [model, folder, '--name', 'model']);
      return { seconds: await timed('onda', command), file: path.join(folder, 'model', '1', 'model.onnx') };
    },
    inside: (model, folder) => running.ask({ do: 'convert', model, folder }, convertedSchema),
  };
}

function pythonSubject(name: keyof typeof converters, python: Command, running: Worker): ExportSubject {
  const { route, format, output, given } = converters[name];
  return {
    name,
    async command(model, folder) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      const file = path.join(folder, 'model.onnx');
      const first = ['-m', 'tensorflowjs.converters.converter', '--input_format', 'tfjs_layers_model'];
      const toFormat = [...first, '--output_format', format, model, path.join(folder, output)];
      const [flag, source] = given;
      const second = ['-m', 'tf2onnx.convert', flag, path.join(folder, source)];
      const toOnnx = [...second, '--output', file, '--opset', '17'];
      let seconds = 0;
      for (const args of [toFormat, toOnnx]) seconds += await timed(name, { ...python, args });
      if (!existsSync(file))
        throw new ResultError(`${name}: expected ${file}, found none; see what the converter printed`);
      return { seconds, file };
    },
    inside: (model, folder) => running.ask({ do: 'convert', route, model, folder }, convertedSchema),
  };
}

/** Seconds of a process. */
async function timed(name: string, command: Command): Promise<number> {
  const started = performance.now();
  const { code, stdout, stderr } = await runProgram(command);
  if (code === 0) return (performance.now() - started) / 1000;
  throw new ResultError(`${name}: ${lastLine(stdout, stderr)}`);
}

/** Peak memory of an export in a separate process, in multiples of the weights' size; null if it cannot be measured. */
export async function exportPeak(model: string, small: string): Promise<number | null> {
  const once = new Worker('onda', { ...worker, args: ['--expose-gc', ...worker.args] });
  try {
    const { bytes, weights } = await once.ask(
      { do: 'peak', model, small },
      z.object({ bytes: z.number().nullable(), weights: z.number() }),
    );
    return bytes === null ? null : bytes / weights;
  } finally {
    await once.close();
  }
}

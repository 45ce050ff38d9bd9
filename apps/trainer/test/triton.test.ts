import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelFiles, parseManifest, type Manifest } from '@onda/contract';
import { configPbtxt } from '@onda/exporter';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportLayersModel, type LayersRequest } from '../src/export/exportModels.ts';
import { readArtifacts } from '../src/fit/artifacts.ts';
import { wideModel, wordsModel } from '../src/testing/savedModel.ts';
import { emptyFolder, examples } from './command.ts';
import { maybePart } from './parts.ts';
import { startTriton, type TritonServer } from './triton/tritonServer.ts';

const python = maybePart('ONDA_TRITON_PYTHON');

/** The same float32 kernels in Python's ONNX Runtime and in Node's, of other versions. */
const RUNTIMES_ATOL = 1e-6;

interface TensorConfig {
  name: string;
  data_type: string;
  dims: number[];
}

interface Config {
  max_batch_size: number;
  input: TensorConfig[];
  output: TensorConfig[];
  sequence_batching?: { state: { input_name: string; output_name: string }[] };
}

interface Answered {
  outputs: { name: string; shape: number[]; data: number[] }[];
}

/** A float32 tensor of the protocol. */
interface Input {
  name: string;
  shape: number[];
  data: number[];
}

describe.skipIf(python === null)('config.pbtxt in a real Triton', () => {
  const repository = path.join(emptyFolder(), 'models');
  let triton: TritonServer;

  const add = async (name: string, source: string, options: Partial<LayersRequest> = {}): Promise<void> => {
    await exportLayersModel({
      name,
      artifacts: readArtifacts(source),
      repository,
      verify: false,
      ...options,
    });
  };
  const folderOf = (name: string): string => path.join(repository, name);
  const manifestOf = (name: string): Manifest => {
    const file = path.join(folderOf(name), '1', modelFiles.manifest);
    return parseManifest(JSON.parse(readFileSync(file, 'utf8')), file);
  };

  beforeAll(async () => {
    cpSync(path.join(examples, 'models'), repository, { recursive: true });
    await add('wide', wideModel());
    await add('row', wordsModel(), { stateful: true });
    await add('separate', wordsModel(), { stateful: true, states: 'separate' });
    await add('plain', wordsModel(), { stateful: true, states: 'separate' });
    // States as ordinary inputs and outputs: the Python backend does not support implicit states.
    const tensors = manifestOf('plain').tensors.model;
    writeFileSync(
      path.join(folderOf('plain'), modelFiles.config),
      configPbtxt({ name: 'plain', tensors, state: null }),
    );
    triton = await startTriton(python!, repository, emptyFolder());
  });

  afterAll(async () => {
    await triton.stop();
  });

  const configOf = async (name: string): Promise<Config> =>
    (await (await fetch(`${triton.url}/models/${name}/config`)).json()) as Config;

  const infer = async (name: string, inputs: Input[], parameters: object = {}): Promise<Answered> => {
    const typed = inputs.map((input) => ({ ...input, datatype: 'FP32' }));
    const response = await fetch(`${triton.url}/models/${name}/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs: typed, parameters }),
    });
    expect([response.status, response.ok ? '' : await response.clone().text()]).toEqual([200, '']);
    return (await response.json()) as Answered;
  };

  /** Every output in ONNX Runtime for Node. */
  const inNode = async (name: string, inputs: Input[]): Promise<InferenceSession.ReturnType> => {
    const session = await InferenceSession.create(path.join(folderOf(name), '1', modelFiles.sequence));
    const feeds = inputs.map((input) => [
      input.name,
      new Tensor('float32', Float32Array.from(input.data), input.shape),
    ]);
    return session.run(Object.fromEntries(feeds) as Record<string, Tensor>);
  };

  const expectSame = (answer: Answered, expected: InferenceSession.ReturnType): void => {
    for (const { name, shape, data } of answer.outputs) {
      expect(shape).toEqual([...expected[name].dims]);
      const values = expected[name].data as Float32Array;
      const worst = Math.max(...data.map((value, index) => Math.abs(value - values[index])));
      expect(worst).toBeLessThan(RUNTIMES_ATOL);
    }
  };

  it('takes sequences of an Onda net and of a layers model, their states by sorted names', async () => {
    const state = async (name: string): Promise<string[][]> =>
      ((await configOf(name)).sequence_batching?.state ?? []).map((pair) => [
        pair.input_name,
        pair.output_name,
      ]);
    expect(await state('lagged-sine')).toEqual([['state_in', 'state_out']]);
    expect(await state('row')).toEqual([['state_in', 'state_out']]);
    expect(await state('separate')).toEqual([
      ['state_in_00_h', 'state_out_00_h'],
      ['state_in_01_c', 'state_out_01_c'],
    ]);
  });

  it('takes a model without state, requests joined', async () => {
    const { max_batch_size: most, input, output } = await configOf('wide');
    expect(most).toBe(64);
    expect(input[0]).toMatchObject({ name: 'dense_input', data_type: 'TYPE_FP32', dims: [20] });
    expect(output[0]).toMatchObject({ name: 'dense', dims: [30] });
    const data = Array.from({ length: 40 }, (_, index) => Math.sin(index));
    const inputs = [{ name: 'dense_input', shape: [2, 20], data }];
    expectSame(await infer('wide', inputs), await inNode('wide', inputs));
  });

  it('starts a sequence', async () => {
    const words = { name: 'words_input', shape: [1, 4], data: [3, 1, 4, 1] };
    const zeros = ['state_in_00_h', 'state_in_01_c'].map((name) => ({
      name,
      shape: [1, 6],
      data: Array<number>(6).fill(0),
    }));
    const answer = await infer('separate', [words], {
      sequence_id: 7,
      sequence_start: true,
      sequence_end: true,
    });
    expect(answer.outputs.map(({ name }) => name)).toEqual(['dense']);
    expectSame(answer, await inNode('separate', [words, ...zeros]));
  });

  it('gives the same values and states step by step where states are plain tensors', async () => {
    let states: Input[] = ['state_in_00_h', 'state_in_01_c'].map((name) => ({
      name,
      shape: [2, 6],
      data: Array<number>(12).fill(0),
    }));
    for (const data of [
      [3, 1, 4, 1, 5, 9],
      [2, 6, 5, 3, 5, 8],
    ]) {
      const inputs = [{ name: 'words_input', shape: [2, 3], data }, ...states];
      const answer = await infer('plain', inputs);
      expectSame(answer, await inNode('plain', inputs));
      states = answer.outputs
        .filter(({ name }) => name.startsWith('state_out'))
        .map(({ name, ...rest }) => ({ ...rest, name: name.replace('out', 'in') }));
      expect(states).toHaveLength(2);
    }
  });
});

import { link, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { floatTensor } from '@onda/runtime';
import type { Runtime } from '@onda/runtime';
import { createNodeRuntime, createWorkerPool } from '@onda/runtime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelRepository } from '@onda/serving';
import { keepRepository, putModel } from './support/modelFolders.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-repository-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** y for x 0, which is the number of the file that answered. */
async function answer(repository: ModelRepository, name: string, version?: string): Promise<number> {
  const { batcher } = repository.find(name, version);
  const { y } = await batcher.run({ x: floatTensor([1, 2], [0, 0]) }, ['y']);
  return Number(y.data[0]);
}

const plain =
  'max_batch_size: 8 input { name: "x" data_type: TYPE_FP32 dims: 2 } output { name: "y" data_type: TYPE_FP32 dims: 2 }';

describe('a model that must not load', () => {
  it.each<[what: string, file: string, config: string | undefined, text: string]>([
    [
      'a foreign operator',
      'foreignOperator',
      undefined,
      '1: model.onnx: the model has an operator that the service does not allow: "evil.example:Steal"; export the model without such operators, or add operators that you trust to the allowed operators',
    ],
    [
      'a foreign operator inside a branch',
      'foreignInside',
      undefined,
      '1: model.onnx: the model has an operator that the service does not allow: "evil.example:Steal"; export the model without such operators, or add operators that you trust to the allowed operators',
    ],
    [
      'a loop',
      'endless',
      undefined,
      '1: model.onnx: the model has an operator that the service does not allow: "Loop"; export the model without such operators, or add operators that you trust to the allowed operators',
    ],
    [
      'data in another file',
      'dataElsewhere',
      undefined,
      '1: model.onnx: model file: tensor "number": external data is not supported; write the model with its data inside',
    ],
    [
      'huge dims',
      'hugeDims',
      undefined,
      '1: tensor "x": expected dims of at most 2097152 values, got float32 [1048576, 1048576]; export the model with smaller ones',
    ],
    [
      'a warm-up of more rows than it takes',
      'plus1',
      `${plain} model_warmup { name: "all" batch_size: 2000000000 }`,
      '1: model_warmup "all": expected batch_size up to 8 as the model takes, got 2000000000; correct it',
    ],
    [
      'a warm-up of other dims than its file',
      'plus1',
      `${plain} model_warmup { name: "w" inputs { key: "x" value { data_type: TYPE_FP32 dims: 3 zero_data: true } } }`,
      '1: model_warmup "w": input "x": expected shape [batch, 2], got [1, 3]; its dim 1 is always 2',
    ],
    [
      'fewer rows than none',
      'plus1',
      'max_batch_size: -1',
      'config.pbtxt: max_batch_size: expected 0 or more, got -1; 0 is for a model without rows',
    ],
    [
      'a state of other dims than its configuration says',
      'grows',
      'max_batch_size: 8 sequence_batching { state { input_name: "s_in" output_name: "s_out" data_type: TYPE_FP32 dims: 1 } }',
      '1: state "s_out": expected [1, 1] from a run of 1 row, got [1, 2]; correct its dims',
    ],
    [
      'a configuration that is none',
      'plus1',
      'max_batch_size 8',
      "config.pbtxt: expected ':' (line 1); correct it as Triton's model configuration has it",
    ],
    [
      'a field that Triton does not have',
      'plus1',
      'max_batch: 8',
      "config.pbtxt: ModelConfig: unknown field 'max_batch' (line 1); correct it as Triton's model configuration has it",
    ],
    [
      'another name',
      'plus1',
      'name: "b"',
      'config.pbtxt: expected name "a" as the folder has it, got "b"; correct it or leave it out',
    ],
    [
      'another type',
      'plus1',
      plain.replace('TYPE_FP32', 'TYPE_INT64'),
      'config.pbtxt: input "x": expected data_type TYPE_FP32 as the ONNX file has it, got TYPE_INT64; correct it',
    ],
    [
      'other dims',
      'plus1',
      plain.replace('dims: 2', 'dims: 3'),
      'config.pbtxt: input "x": expected dims [2] behind the batch as the ONNX file has them, got [3]; correct them',
    ],
    [
      'dims with the batch',
      'plus1',
      plain.replace('dims: 2', 'dims: [ -1, 2 ]'),
      'config.pbtxt: input "x": expected dims [2] behind the batch as the ONNX file has them, got [-1, 2]; correct them',
    ],
    [
      'an unknown tensor',
      'plus1',
      plain.replace('"x"', '"z"'),
      'config.pbtxt: input "z": the ONNX file has no such tensor; it has x',
    ],
    [
      'an input that is not named',
      'adds1',
      plain.replaceAll('dims: 2', 'dims: 1'),
      'config.pbtxt: expected every input of the ONNX file among input, state and control_input, got none named "sum_in"; add it',
    ],
    [
      'rows where the file has none',
      'fixed',
      'max_batch_size: 4',
      'config.pbtxt: max_batch_size 4: expected a first dim that is not fixed in every tensor of the ONNX file, got "x" [2, 3]; set max_batch_size to 0 and give the dims in full, or export the model with a batch',
    ],
    [
      'an ensemble',
      'plus1',
      'ensemble_scheduling { step { model_name: "b" model_version: 1 } }',
      'config.pbtxt: ensemble_scheduling: models are not joined here; serve each by itself',
    ],
    [
      'another file than there is',
      'plus1',
      'default_model_filename: "net.onnx"',
      '1/net.onnx: expected a file, found none; pass the folder of an exported model',
    ],
    [
      'a file outside',
      'plus1',
      'default_model_filename: "../../b/1/model.onnx"',
      'config.pbtxt: default_model_filename: expected the name of a file in the version folder, got "../../b/1/model.onnx"; correct it',
    ],
  ])('is reported with its sentence, and the others serve: %s', async (_what, file, config, text) => {
    await putModel(folder, 'a', 1, file, config);
    await putModel(folder, 'good', 1, 'plus1');
    const { repository, keeper, warnings } = await keepRepository(folder);
    await keeper.open('none');
    expect(warnings).toEqual([`model "a" did not load: ${folder}/a/${text}`]);
    expect(repository.served.map(({ name }) => name)).toEqual(['good']);
    expect(await answer(repository, 'good')).toBe(1);
    expect(() => repository.find('a', undefined)).toThrow('model "a" did not load');
  });

  it('is a link that leads out of the repository', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'onda-outside-'));
    await putModel(outside, 'real', 1, 'plus1');
    await mkdir(join(folder, 'soft', '1'), { recursive: true });
    await symlink(join(outside, 'real', '1', 'model.onnx'), join(folder, 'soft', '1', 'model.onnx'));
    await symlink(join(outside, 'real'), join(folder, 'whole'));
    await symlink(join(outside, 'none'), join(folder, 'dangling'));
    const { repository, keeper } = await keepRepository(folder);
    await expect(keeper.open('none')).rejects.toThrow('no model loads');
    expect(repository.broken.map(({ problem }) => problem)).toEqual([
      `${folder}/dangling: expected a model folder, found none; export the model there`,
      `${folder}/soft/1/model.onnx: expected a file inside ${folder}, found a link that leads out of it; copy the file there`,
      `${folder}/whole/1/model.onnx: expected a file inside ${folder}, found a link that leads out of it; copy the file there`,
    ]);
    await rm(outside, { recursive: true });
  });

  it('is not a link inside the repository: a ConfigMap, a hard link, a linked folder', async () => {
    await putModel(folder, 'real', 1, 'plus1');
    await mkdir(join(folder, 'map', '1', '..2026'), { recursive: true });
    await mkdir(join(folder, 'hard', '1'), { recursive: true });
    const real = join(folder, 'real', '1', 'model.onnx');
    await link(real, join(folder, 'hard', '1', 'model.onnx'));
    await link(real, join(folder, 'map', '1', '..2026', 'model.onnx'));
    await symlink('..2026', join(folder, 'map', '1', '..data'));
    await symlink(join('..data', 'model.onnx'), join(folder, 'map', '1', 'model.onnx'));
    await symlink('real', join(folder, 'whole'));
    const { repository, keeper, warnings } = await keepRepository(folder);
    await keeper.open('none');
    expect(warnings).toEqual([]);
    expect(repository.served.map(({ name }) => name)).toEqual(['hard', 'map', 'real', 'whole']);
    expect(await answer(repository, 'map')).toBe(1);
  });

  it('is one for which there is no memory left', async () => {
    await putModel(folder, 'a', 1, 'plus1');
    await putModel(folder, 'b', 1, 'plus2');
    const { repository, keeper, warnings } = await keepRepository(folder, { maxBytes: 200 });
    await keeper.open('poll');
    expect(warnings).toEqual([
      `model "b" did not load: ${folder}/b/1: expected at most 200 bytes of models, got 125 in addition to the 125 loaded; unload a model, or raise the limit of model bytes`,
    ]);
    await keeper.poll();
    expect(warnings).toHaveLength(1);
    // Its folder is as it was, but there is room now.
    await rm(join(folder, 'a'), { recursive: true });
    await keeper.poll();
    await keeper.releaseUnused();
    await keeper.poll();
    expect(await answer(repository, 'b')).toBe(2);
  });

  it('counts the bytes of a model for each copy, the session for short runs included', async () => {
    for (const name of ['a', 'b']) await putModel(folder, name, 1, 'plus1');
    const pool = await createWorkerPool({ provider: 'cpu', workers: 1 });
    const { repository, keeper, warnings } = await keepRepository(folder, { maxBytes: 400, runtime: pool });
    await keeper.open('poll');
    expect(repository.served.map(({ bytes }) => bytes)).toEqual([250]);
    expect(warnings).toEqual([
      `model "b" did not load: ${folder}/b/1: expected at most 400 bytes of models, got 250 in addition to the 250 loaded; unload a model, or raise the limit of model bytes`,
    ]);
    await keeper.unload('a');
    await keeper.releaseUnused();
    await keeper.load('b');
    expect(repository.served.map(({ name }) => name)).toEqual(['b']);
    await pool.close();
  });

  it('loads with an operator that was allowed', async () => {
    await putModel(folder, 'a', 1, 'foreignOperator');
    const { keeper } = await keepRepository(folder, { operators: ['evil.example:Steal'] });
    // ONNX Runtime has no such operator; its error shows that the rule accepted the model.
    await expect(keeper.open('none')).rejects.toThrow(/1: model\.onnx: the model cannot be loaded: .*Steal/);
  });

  it('warns about unused fields, and serves', async () => {
    await putModel(
      folder,
      'a',
      1,
      'plus1',
      'optimization { priority: PRIORITY_MAX } response_cache { enable: true }',
    );
    const { repository, keeper, warnings } = await keepRepository(folder);
    await keeper.open('none');
    expect(warnings).toEqual([
      `${folder}/a/config.pbtxt: optimization is not used by this service; the model is served without it`,
      `${folder}/a/config.pbtxt: response_cache is not used by this service; the model is served without it`,
    ]);
    expect(await answer(repository, 'a')).toBe(1);
  });
});

describe('a model on CUDA', () => {
  it('is listed with the nodes that fall to the CPU', async () => {
    await putModel(folder, 'gru', 1, 'gru');
    await putModel(folder, 'plus', 1, 'plus1');
    const cpu = await createNodeRuntime({ provider: 'cpu' });
    // What this machine may lack: the rest is as it is there.
    const runtime: Runtime = {
      name: 'cuda',
      createSession: async (model) => {
        const session = await cpu.createSession(model);
        return {
          inputs: session.inputs,
          outputs: session.outputs,
          provider: 'cuda',
          run: (feeds, fetches) => session.run(feeds, fetches),
          release: () => session.release(),
        };
      },
    };
    const { keeper, warnings } = await keepRepository(folder, { runtime });
    await keeper.open('none');
    expect(warnings).toEqual([
      `${folder}/gru/1: model.onnx: node "" (GRU): the CUDA provider runs it on the CPU, as its reset gate applies before the recurrent product; train an OndaGRU`,
    ]);
  });
});

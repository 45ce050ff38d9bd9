import { readFileSync } from 'node:fs';
import type { Manifest, ParityRow, TensorSpec } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import { readNpz } from '@onda/exporter/testing';
import type { Runtime, RuntimeTensor } from '@onda/runtime';
import { floatTensor } from '@onda/runtime';
import { z } from 'zod';
import { compareValues } from '../export/compare.ts';
import { readInput } from '../files.ts';
import { ownTensors, stateNames } from './subject.ts';

const tensorSchema = z
  .object({ shape: z.array(z.int().nonnegative()), data: z.array(z.number()) })
  .refine(({ shape, data }) => shape.reduce((size, dim) => size * dim, 1) === data.length, {
    message: 'expected as many values as the shape says',
  });
/** Tensors in the order of the model, or by name. */
const tensorsSchema = z.union([z.array(tensorSchema), z.record(z.string(), tensorSchema)]);
const caseSchema = z.object({ inputs: tensorsSchema, outputs: tensorsSchema });
const casesSchema = z.union([z.array(caseSchema).min(1), caseSchema.transform((one) => [one])]);

/** Inputs and outputs of a model from its maker. */
type Case = z.infer<typeof caseSchema>;
type Tensors = Case['inputs'];

/**
 * Runs a file on the cases of its maker: an `.npz` file, or JSON `{inputs, outputs}` or a list of them, each tensor `{shape, data}`, in the model's order or
 * by name.
 *
 * @throws ConfigError for a file of another form, or tensors that do not fit the model
 */
export async function caseRows(
  runtime: Runtime,
  manifest: Manifest,
  bytes: Uint8Array,
  file: string,
  relative: number,
): Promise<ParityRow[]> {
  const cases = readCases(file);
  const { inputs, outputs } = ownTensors(manifest);
  const session = await runtime.createSession(bytes);
  try {
    const rows: ParityRow[] = [];
    for (const [index, one] of cases.entries()) {
      const given = named(one.inputs, inputs, `${file}: case ${index + 1}: inputs`);
      const expected = named(one.outputs, outputs, `${file}: case ${index + 1}: outputs`);
      const [batch = 1, time = 1] = given[0].tensor.shape;
      const feeds = Object.fromEntries(
        given.map(({ spec, tensor }): [string, RuntimeTensor] => [spec.name, typed(spec, tensor)]),
      );
      for (const { input, size } of stateNames(manifest.state))
        feeds[input] = floatTensor([batch, size], new Float32Array(batch * size));
      const results = await session.run(feeds);
      for (const { spec, tensor } of expected) {
        const result = results[spec.name];
        const actual = Float32Array.from(result.data as ArrayLike<number>);
        const alike = String(result.dims) === String(tensor.shape);
        const check = `case ${index + 1} of the model's maker, "${spec.name}"`;
        rows.push(
          compareValues(
            { check, runtime: runtime.name, batch, time },
            Float32Array.from(tensor.data),
            alike ? actual : new Float32Array(),
            relative,
          ),
        );
      }
    }
    return rows;
  } finally {
    await session.release();
  }
}

function readCases(file: string): Case[] {
  if (file.endsWith('.npz')) return [npzCase(file)];
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new ConfigError(
      `--cases ${file}: expected a JSON file, got "${cause instanceof Error ? cause.message : String(cause)}"; write {"inputs": [{"shape", "data"}], "outputs": [...]}`,
      { cause },
    );
  }
  const { data, error } = casesSchema.safeParse(document);
  if (data !== undefined) return data;
  throw new ConfigError(
    `--cases ${file}: expected {"inputs": [{"shape", "data"}], "outputs": [...]} or a list of them, got another form (${error.issues[0]?.message ?? 'no cases'}); correct the file`,
  );
}

/** The arrays of `numpy.savez`: `input_0`, `input_1`, ... and `output_0`, ... in the order of the model, or `input_NAME` and `output_NAME`. */
function npzCase(file: string): Case {
  const arrays = readNpz(readInput(file, 'cases'), file);
  const side = (prefix: string): Tensors => {
    const found = [...arrays].filter(([name]) => name.startsWith(prefix));
    const tensors = found.map(([name, { shape, data }]): [string, z.infer<typeof tensorSchema>] => [
      name.slice(prefix.length),
      { shape: [...shape], data: [...data] },
    ]);
    const counted = tensors.every(([name]) => /^\d+$/.test(name));
    if (!counted) return Object.fromEntries(tensors);
    return tensors.sort(([a], [b]) => Number(a) - Number(b)).map(([, tensor]) => tensor);
  };
  const one = { inputs: side('input_'), outputs: side('output_') };
  if (Object.keys(one.inputs).length > 0 && Object.keys(one.outputs).length > 0) return one;
  throw new ConfigError(
    `--cases ${file}: expected arrays input_0 and output_0, or input_NAME and output_NAME, got ${[...arrays.keys()].join(', ') || 'none'}; write them with numpy.savez(file, input_0=x, output_0=y)`,
  );
}

function named(
  given: Tensors,
  specs: readonly TensorSpec[],
  where: string,
): { spec: TensorSpec; tensor: z.infer<typeof tensorSchema> }[] {
  const found = specs.map((spec, index) => ({
    spec,
    tensor: Array.isArray(given) ? given[index] : given[spec.name],
  }));
  const missing = found.find(({ tensor }) => (tensor as unknown) === undefined);
  const count = Array.isArray(given) ? given.length : Object.keys(given).length;
  if (missing === undefined && count === specs.length) return found;
  throw new ConfigError(
    `--cases ${where}: expected ${specs.map(({ name }) => `"${name}"`).join(', ')}, got ${Array.isArray(given) ? `${count} tensors` : Object.keys(given).join(', ')}; list all tensors of the model`,
  );
}

function typed({ type }: TensorSpec, { shape, data }: z.infer<typeof tensorSchema>): RuntimeTensor {
  if (type === 'int32') return { type, dims: shape, data: Int32Array.from(data) };
  return floatTensor(shape, Float32Array.from(data));
}

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MissingError } from '@onda/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const python = process.env['ONDA_PYTHON'];
if (!python && process.env['CI'] === 'true') {
  throw new MissingError(
    'ONDA_PYTHON: expected a Python with onnx, onnxruntime and numpy, found none; run npm test, which sets it up',
  );
}

/** The newest operator set of onnxruntime-node 1.30; Python's may be newer. */
const MAX_OPSET = 26;

interface CaseTensor {
  name: string;
  datatype: string;
  shape: number[];
  /** Base64 of the bytes of the binary tensor extension. */
  data: string;
}

interface Case {
  inputs: CaseTensor[];
  outputs: CaseTensor[];
  rtol: number;
  atol: number;
}

describe.runIf(python)("ONNX's own node tests", () => {
  let folder: string;
  let service: ServiceProcess;
  let counts: Record<string, number>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onda-node-cases-'));
    const script = fileURLToPath(new URL('python/onnx_node_cases.py', import.meta.url));
    const { stdout } = await promisify(execFile)(String(python), [script, folder, String(MAX_OPSET)]);
    counts = JSON.parse(stdout) as typeof counts;
    service = await startService(folder, ['--allow-operators', 'Loop', '--log-format', 'json']);
  }, 300_000);
  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  it('gives the expected values for 97 % of those that Python computes, and no other values', async () => {
    const names = await readdir(folder);
    const failures = new Map<string, string[]>();
    for (const name of names) {
      const failure = await failureOf(service.url, name, await readCase(join(folder, name)));
      if (failure !== undefined) failures.set(failure, [...(failures.get(failure) ?? []), name]);
    }
    const failed = [...failures.values()].flat().length;
    const rows = { ...counts, 'right in the service': names.length - failed };
    const table = [
      ...Object.entries(rows).map(([what, count]) => `${String(count).padStart(5)}  ${what}`),
      ...[...failures].map(([why, cases]) => `${String(cases.length).padStart(5)}  ${why}: ${cases[0]}`),
    ];
    console.log(table.join('\n'));
    expect(names.length).toBeGreaterThan(1000);
    expect([...failures.keys()].filter((why) => why.startsWith('other'))).toEqual([]);
    expect((names.length - failed) / names.length).toBeGreaterThanOrEqual(0.97);
  }, 300_000);
});

async function readCase(folder: string): Promise<Case> {
  return JSON.parse(await readFile(join(folder, 'case.json'), 'utf8')) as Case;
}

/** Why the service does not give the expected outputs; undefined: it does. */
async function failureOf(
  url: string,
  name: string,
  { inputs, outputs, ...tolerances }: Case,
): Promise<string | undefined> {
  const parts = inputs.map(({ data }) => Buffer.from(data, 'base64'));
  const header = JSON.stringify({
    inputs: inputs.map(({ name: input, datatype, shape }, index) => ({
      name: input,
      datatype,
      shape,
      parameters: { binary_data_size: parts[index].byteLength },
    })),
    outputs: outputs.map((output) => ({ name: output.name, parameters: { binary_data: true } })),
  });
  const response = await fetch(`${url}/v2/models/${name}/infer`, {
    method: 'POST',
    headers: { 'inference-header-content-length': String(Buffer.byteLength(header)) },
    body: Buffer.concat([Buffer.from(header), ...parts]),
  });
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) {
    // The name of the model is in the text of a model that did not load.
    return `${response.status}: ${body.toString().replace(name, 'M').slice(0, 160)}`;
  }
  let at = Number(response.headers.get('inference-header-content-length'));
  const answer = JSON.parse(body.subarray(0, at).toString()) as {
    outputs: (Omit<CaseTensor, 'data'> & { parameters: { binary_data_size: number } })[];
  };
  for (const [index, { datatype, shape, parameters }] of answer.outputs.entries()) {
    const wanted = outputs[index];
    if (datatype !== wanted.datatype || String(shape) !== String(wanted.shape))
      return 'other types or shapes';
    const got = body.subarray(at, (at += parameters.binary_data_size));
    if (!areClose(datatype, got, Buffer.from(wanted.data, 'base64'), tolerances)) return 'other values';
  }
  return undefined;
}

/** Equal bytes, or floats within the tolerances of the case. */
function areClose(
  datatype: string,
  got: Buffer,
  wanted: Buffer,
  { rtol, atol }: Pick<Case, 'rtol' | 'atol'>,
): boolean {
  if (got.equals(wanted)) return true;
  const values = floatsOf(datatype, got);
  const expected = floatsOf(datatype, wanted);
  return (
    values.length > 0 &&
    values.every((value, index) => {
      const other = expected[index];
      return (
        Object.is(value, other) || value === other || Math.abs(value - other) <= atol + rtol * Math.abs(other)
      );
    })
  );
}

function floatsOf(datatype: string, bytes: Buffer): readonly number[] {
  const { buffer } = Uint8Array.from(bytes);
  if (datatype === 'FP32') return Array.from(new Float32Array(buffer));
  if (datatype === 'FP64') return Array.from(new Float64Array(buffer));
  return datatype === 'FP16' ? Array.from(new Uint16Array(buffer), halfOf) : [];
}

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

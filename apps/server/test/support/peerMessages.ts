import type { GrpcInferRequest, InferResponse } from '@onda/protocol';
import { ModelInfer } from './grpcWire.ts';

interface Parameter {
  parameter_choice?: string;
  [field: string]: unknown;
}

interface PeerRequest {
  model_name: string;
  model_version: string;
  id: string;
  parameters: Record<string, Parameter>;
  inputs: {
    name: string;
    datatype: string;
    shape: string[];
    parameters: Record<string, Parameter>;
    contents: Record<string, unknown[]> | null;
  }[];
  outputs: { name: string; parameters: Record<string, Parameter> }[];
  raw_input_contents: Uint8Array[];
}

const contentFields = [
  'bool_contents',
  'int_contents',
  'int64_contents',
  'uint_contents',
  'uint64_contents',
  'fp32_contents',
  'fp64_contents',
  'bytes_contents',
];

/** protobufjs' reading of a `ModelInferRequest` in the form of ours. */
export function peerRequest(bytes: Uint8Array): GrpcInferRequest {
  const peer = ModelInfer.requestDeserialize(Buffer.from(bytes)) as unknown as PeerRequest;
  return {
    modelName: peer.model_name,
    modelVersion: peer.model_version,
    id: peer.id,
    parameters: parametersOf(peer.parameters),
    inputs: peer.inputs.map(({ name, datatype, shape, parameters, contents }) => ({
      name,
      datatype,
      shape: shape.map(Number),
      ...(Object.keys(parameters).length === 0 ? {} : { parameters: parametersOf(parameters) }),
      contents: contents === null ? undefined : contentsOf(contents),
    })),
    outputs: peer.outputs.map(({ name, parameters }) =>
      Object.keys(parameters).length === 0 ? { name } : { name, parameters: parametersOf(parameters) },
    ),
    rawInputs: peer.raw_input_contents.map((raw) => Uint8Array.from(raw)),
  };
}

function parametersOf(peer: Readonly<Record<string, Parameter>>): GrpcInferRequest['parameters'] {
  const parameters = Object.entries(peer).map(([name, parameter]): [string, unknown] => {
    const { parameter_choice: choice } = parameter;
    const value = choice === undefined ? undefined : parameter[choice];
    if (choice !== 'int64_param' && choice !== 'uint64_param') return [name, value];
    return [name, numberOrDigits(value)];
  });
  return Object.fromEntries(parameters) as GrpcInferRequest['parameters'];
}

/** protobufjs (7 and 8) has a defect: it fails if a parameter's entry has no value. */
export function maybePeerRequest(bytes: Uint8Array): GrpcInferRequest | undefined {
  try {
    return peerRequest(bytes);
  } catch (error) {
    if (error instanceof TypeError && error.message.startsWith('Cannot read properties of null'))
      return undefined;
    throw error;
  }
}

function contentsOf(contents: Record<string, unknown[]>): Map<number, unknown[]> {
  const lists = contentFields.map((field, index): [number, unknown[]] => {
    const values = contents[field];
    if (field.includes('int64')) return [index + 1, values.map(numberOrDigits)];
    if (field.startsWith('bytes')) return [index + 1, values.map(maybeText)];
    return [index + 1, values];
  });
  return new Map(lists.filter(([, values]) => values.length > 0));
}

function numberOrDigits(value: unknown): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function maybeText(bytes: unknown): string | undefined {
  try {
    return decoder.decode(bytes as Uint8Array);
  } catch {
    return undefined;
  }
}

/** The answer in protobufjs' words. */
export function peerResponse({
  modelName,
  modelVersion,
  id = '',
  parameters = {},
  outputs,
}: InferResponse): object {
  const parameter = (value: string | number | boolean): object => {
    if (typeof value === 'boolean') return { bool_param: value, parameter_choice: 'bool_param' };
    if (typeof value === 'number') return { int64_param: String(value), parameter_choice: 'int64_param' };
    return { string_param: value, parameter_choice: 'string_param' };
  };
  return {
    model_name: modelName,
    model_version: modelVersion,
    id,
    parameters: Object.fromEntries(
      Object.entries(parameters).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, parameter(value)]],
      ),
    ),
    outputs: outputs.map(({ name, tensor }) => ({
      name,
      datatype: 'FP32',
      shape: tensor.dims.map(String),
      parameters: {},
      contents: null,
    })),
    raw_output_contents: outputs.map(({ tensor }) => Buffer.from((tensor.data as Float32Array).buffer)),
  };
}

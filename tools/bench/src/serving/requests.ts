import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/grpc-js';

/** The one-sample model: what the service is asked again and again. */
export const model = 'lagged-sine';

/** State of the example model. */
const STATE = 32;

export const x = 0.5;

const inputs = [
  { name: 'x', datatype: 'FP32', shape: [1, 1, 1], values: [x] },
  {
    name: 'state_in',
    datatype: 'FP32',
    shape: [1, STATE],
    values: Array.from({ length: STATE }, (_, unit) => Math.fround(Math.sin(unit) / 2)),
  },
];

/** A body as it goes over the wire, with the headers that it needs. */
export interface RequestBody {
  bytes: Buffer;
  headers: Readonly<Record<string, string>>;
}

export function jsonBody(): RequestBody {
  const document = {
    inputs: inputs.map(({ name, datatype, shape, values }) => ({ name, shape, datatype, data: values })),
  };
  return {
    bytes: Buffer.from(JSON.stringify(document)),
    headers: { 'content-type': 'application/json' },
  };
}

/** The binary tensor extension, in both directions. */
export function binaryBody(): RequestBody {
  const raw = inputs.map(({ values }) => bytesOf(values));
  const document = {
    inputs: inputs.map(({ name, datatype, shape }, index) => ({
      name,
      shape,
      datatype,
      parameters: { binary_data_size: raw[index].length },
    })),
    parameters: { binary_data_output: true },
  };
  const json = Buffer.from(JSON.stringify(document));
  return {
    bytes: Buffer.concat([json, ...raw]),
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(json.length),
    },
  };
}

const proto = fileURLToPath(new URL('../../../../apps/server/proto/inference.proto', import.meta.url));

let service: ServiceDefinition | undefined;

/** The protocol's service, for the gRPC messages of the load and of the check before it. */
export function inferenceService(): ServiceDefinition {
  return (service ??= loadService());
}

function loadService(): ServiceDefinition {
  const definitions = loadSync(proto, { keepCase: true, longs: String, defaults: true });
  return definitions['inference.GRPCInferenceService'] as ServiceDefinition;
}

/** `ModelInferRequest`. */
export const grpcRequest = {
  model_name: model,
  inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  raw_input_contents: inputs.map(({ values }) => bytesOf(values)),
};

/** `ModelInferRequest`: a step of a sequence whose state the service keeps; its id is the sequence's. */
export function stepRequest(sequence: number, parameters: object): object {
  return {
    model_name: model,
    id: String(sequence),
    parameters: { ...parameters, sequence_id: { int64_param: sequence } },
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1, 1] }],
    raw_input_contents: [bytesOf([Math.sin(sequence)])],
  };
}

function bytesOf(values: readonly number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

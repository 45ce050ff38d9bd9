import { grpcValues } from './grpcContents.ts';
import type { GrpcContents } from './grpcContents.ts';
import { readInferFields } from './inferFields.ts';
import type { InferRequest, InputFields, ReadData } from './inferFields.ts';
import { describeValue, isObject } from './jsonBody.ts';
import type { ModelTensors } from './modelTensors.ts';
import { ProtocolError } from './protocolError.ts';
import { tensorFromBytes, tensorFromJson } from './tensorData.ts';

/** `InferParameter`: one of its fields is set. Numbers of 64 bits are text, since not all of them are JavaScript numbers. */
export interface GrpcParameter {
  parameter_choice?: 'bool_param' | 'int64_param' | 'string_param' | 'double_param' | 'uint64_param';
  bool_param?: boolean;
  int64_param?: string;
  string_param?: string;
  double_param?: number;
  uint64_param?: string;
}

interface GrpcTensor {
  name: string;
  datatype: string;
  shape: readonly string[];
  parameters: Readonly<Record<string, GrpcParameter>>;
  contents: GrpcContents | null;
}

/** `ModelInferRequest` as protobuf decodes it, with every field present. */
export interface GrpcInferRequest {
  id: string;
  parameters: Readonly<Record<string, GrpcParameter>>;
  inputs: readonly GrpcTensor[];
  outputs: readonly { name: string; parameters: Readonly<Record<string, GrpcParameter>> }[];
  raw_input_contents: readonly Uint8Array[];
}

/**
 * Decodes a `ModelInferRequest`: the same checks as over HTTP. The values of all inputs stand in `raw_input_contents`, or those
 * of each in its `contents`.
 *
 * @param maxValues the most values that one tensor may have
 * @throws ProtocolError, ShapeError, DataError
 */
export function decodeGrpcInferRequest(
  message: GrpcInferRequest,
  model: ModelTensors,
  maxValues: number,
): InferRequest {
  const raw = message.raw_input_contents;
  if (raw.length > 0 && raw.length !== message.inputs.length) {
    throw new ProtocolError(
      'malformed',
      `raw_input_contents: expected one for each of the ${message.inputs.length} inputs, got ${raw.length}; send the values of all inputs there, or of none`,
    );
  }
  const readData: ReadData = (input, spec, dims, count) => {
    const contents = isObject(input.contents) ? input.contents : {};
    if (raw.length === 0) {
      return tensorFromJson(grpcValues(contents, spec.type, `input "${spec.name}"`), spec, dims, count);
    }
    if (Object.values(contents).some((list) => Array.isArray(list) && list.length > 0)) {
      throw new ProtocolError(
        'malformed',
        `input "${spec.name}": expected contents or raw_input_contents, got both; send one`,
      );
    }
    return tensorFromBytes(raw[input.index as number], spec, dims, count);
  };
  const fields = {
    id: message.id === '' ? undefined : message.id,
    parameters: plainParameters(message.parameters, 'parameters'),
    inputs: message.inputs.map(({ name, datatype, shape, contents }, index): InputFields => ({
      name,
      datatype,
      shape: shape.map(Number),
      contents,
      index,
    })),
    outputs: message.outputs.map(({ name }) => ({ name })),
  };
  return readInferFields(fields, model, readData, maxValues);
}

/** Parameters as JSON would have them; a 64-bit number that JavaScript cannot hold is refused where it is used. */
function plainParameters(
  parameters: Readonly<Record<string, GrpcParameter>>,
  where: string,
): Record<string, string | number | boolean> {
  const plain: Record<string, string | number | boolean> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const { parameter_choice: choice } = parameter;
    const value = choice === undefined ? undefined : parameter[choice];
    if (value === undefined) {
      throw new ProtocolError(
        'malformed',
        `${where}: ${name}: expected a value, got ${describeValue(value)}; set one or leave the parameter out`,
      );
    }
    plain[name] = choice === 'int64_param' || choice === 'uint64_param' ? Number(value) : value;
  }
  return plain;
}

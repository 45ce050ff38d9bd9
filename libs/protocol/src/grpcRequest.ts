import { readInferFields } from './inferFields.ts';
import type { InferRequest, InputFields, ReadData } from './inferFields.ts';
import { describeValue } from './jsonBody.ts';
import type { ModelTensors } from './modelTensors.ts';
import { ProtocolError } from './protocolError.ts';
import { tensorFromBytes, tensorFromJson } from './tensorData.ts';
import type { GrpcInferRequest, GrpcParameters } from './wire/inferRequestMessage.ts';
import { grpcValues } from './wire/tensorContents.ts';
import type { GrpcContents } from './wire/tensorContents.ts';

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
  const raw = message.rawInputs;
  if (raw.length > 0 && raw.length !== message.inputs.length) {
    throw new ProtocolError(
      'malformed',
      `raw_input_contents: expected one for each of the ${message.inputs.length} inputs, got ${raw.length}; send the values of all inputs there, or of none`,
    );
  }
  const readData: ReadData = (input, spec, dims, count) => {
    const contents = input.contents as GrpcContents | undefined;
    if (raw.length === 0) {
      return tensorFromJson(grpcValues(contents, spec.type, `input "${spec.name}"`), spec, dims, count);
    }
    if (contents !== undefined && contents.size > 0) {
      throw new ProtocolError(
        'malformed',
        `input "${spec.name}": expected contents or raw_input_contents, got both; send one`,
      );
    }
    return tensorFromBytes(raw[input.index as number], spec, dims, count);
  };
  const fields = {
    id: message.id === '' ? undefined : message.id,
    parameters: checked(message.parameters),
    inputs: message.inputs.map(({ name, datatype, shape, contents }, index): InputFields => {
      return { name, datatype, shape, contents, index };
    }),
    outputs: message.outputs,
  };
  return readInferFields(fields, model, readData, maxValues);
}

function checked(parameters: GrpcParameters): GrpcParameters {
  for (const name in parameters) {
    if (parameters[name] !== undefined) continue;
    throw new ProtocolError(
      'malformed',
      `parameters: ${name}: expected a value, got ${describeValue(undefined)}; set one or leave the parameter out`,
    );
  }
  return parameters;
}

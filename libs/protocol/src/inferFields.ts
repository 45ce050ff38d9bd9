import { DataError, ShapeError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { datatypes } from './datatypes.ts';
import type { ProtocolTensor } from './datatypes.ts';
import { describeValue, isObject } from './jsonBody.ts';
import type { ModelTensors } from './modelTensors.ts';
import { readOutputs } from './outputRequest.ts';
import type { RequestedOutput } from './outputRequest.ts';
import { readParameters } from './parameters.ts';
import { ProtocolError } from './protocolError.ts';
import { readSchedule } from './schedule.ts';
import type { Schedule } from './schedule.ts';
import { readSequence } from './sequenceControl.ts';
import type { SequenceControl } from './sequenceControl.ts';
import { readSequenceRows, sequenceRowSpec } from './sequenceRows.ts';
import { readShape } from './tensorShape.ts';

export interface InferRequest {
  id: string | undefined;
  /** All of the model's but those that the service fills; a step of a sequence may leave its states out. */
  inputs: Record<string, ProtocolTensor>;
  /** In the order asked for. When the request names none: all of the model's, in a sequence all but its states. */
  outputs: readonly RequestedOutput[];
  /** The sequence whose state the service keeps; undefined when the request carries its state itself. */
  sequence: SequenceControl | undefined;
  /** Each row is a step of a sequence of its own; undefined when no input names them. */
  rows: readonly SequenceControl[] | undefined;
  /** When to run it. */
  schedule: Schedule;
}

/** The part of an input that is its own: its fields as the transport has them. */
export type InputFields = Readonly<Record<string, unknown>>;

/** Reads an input's values once its name, type and shape are checked; the transports differ here. */
export type ReadData = (
  input: InputFields,
  spec: TensorSpec,
  dims: readonly number[],
  count: number,
) => ProtocolTensor;

/**
 * Reads an infer request from its fields, whichever way they came.
 *
 * For each input, in this order: its name is known and comes once, its datatype is the model's, its rank and fixed dims are the
 * model's, its size is within the limit, as many values or bytes came as the shape says. Only then its array is allocated.
 * Keys that the protocol does not have are ignored, as other servers do; what would change the answer is not.
 *
 * @param maxValues the most values that one tensor may have
 * @throws ProtocolError, ShapeError, DataError
 */
export function readInferFields(
  fields: Readonly<Record<string, unknown>>,
  model: ModelTensors,
  readData: ReadData,
  maxValues: number,
): InferRequest {
  const { id } = fields;
  if (id !== undefined && typeof id !== 'string') {
    throw new ProtocolError(
      'malformed',
      `id: expected a string, got ${describeValue(id)}; put it into quotes`,
    );
  }
  const parameters = readParameters(fields.parameters, 'parameters');
  const sequence = readSequence(parameters);
  const { inputs, rowInputs } = readInputs(fields.inputs, model, readData, maxValues);
  const rows = readSequenceRows(rowInputs, Object.values(inputs).at(0)?.dims.at(0) ?? 0);
  if (rows && sequence) {
    throw new ProtocolError(
      'malformed',
      'parameters: sequence_id: expected none beside an input "sequence_id", got one; name the sequences in one place',
    );
  }
  const { states = [] } = model;
  const keeps = sequence !== undefined || rows !== undefined;
  const optional = keeps ? states : [];
  const missing = model.inputs.find(
    ({ name }) => !Object.hasOwn(inputs, name) && !optional.some(({ input }) => input === name),
  );
  if (missing) {
    throw new ShapeError(`input "${missing.name}" is missing; send ${names(model.inputs)}`);
  }
  const standard = keeps
    ? model.outputs.filter(({ name }) => !states.some(({ output }) => output === name))
    : model.outputs;
  const outputs = readOutputs(fields.outputs, model.outputs, standard, parameters);
  return { id, inputs, outputs, sequence, rows, schedule: readSchedule(parameters) };
}

function readInputs(
  value: unknown,
  model: ModelTensors,
  readData: ReadData,
  maxValues: number,
): { inputs: Record<string, ProtocolTensor>; rowInputs: Record<string, ProtocolTensor> } {
  if (!Array.isArray(value)) {
    throw new ProtocolError(
      'malformed',
      `inputs: expected a list of tensors, got ${describeValue(value)}; send ${names(model.inputs)}`,
    );
  }
  const inputs: Record<string, ProtocolTensor> = {};
  const rowInputs: Record<string, ProtocolTensor> = {};
  for (const part of value as readonly unknown[]) {
    const input = isObject(part) ? part : {};
    const own = model.inputs.find(({ name }) => name === input.name);
    const spec = own ?? sequenceRowSpec(input, datatypes) ?? noSuchInput(input.name, model.inputs);
    const into = own ? inputs : rowInputs;
    if (Object.hasOwn(into, spec.name)) {
      throw new ShapeError(`input "${spec.name}": expected once, got it twice; remove one`);
    }
    const datatype = datatypes[spec.type];
    if (input.datatype !== datatype) {
      throw new DataError(
        `input "${spec.name}": expected datatype ${datatype}, got ${describeValue(input.datatype)}; convert the values`,
      );
    }
    const { dims, count } = readShape(input.shape, spec, maxValues);
    into[spec.name] = readData(input, spec, dims, count);
  }
  return { inputs, rowInputs };
}

function noSuchInput(name: unknown, specs: readonly TensorSpec[]): never {
  throw new ShapeError(`input ${describeValue(name)}: the model has no such input; send ${names(specs)}`);
}

function names(specs: readonly TensorSpec[]): string {
  return specs.map((spec) => spec.name).join(' and ');
}

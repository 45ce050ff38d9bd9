import { ShapeError } from '@onda/contract';
import type { ModelTensors } from './modelTensors.ts';
import { describeValue, isObject } from './jsonBody.ts';
import { readFlag, readParameters } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import { ProtocolError } from './protocolError.ts';

/** An output as the caller wants it: by name, as JSON numbers or as bytes after the JSON. */
export interface RequestedOutput {
  name: string;
  binary: boolean;
}

/**
 * Reads `outputs`; when left out, all of the model's.
 *
 * @param parameters of the request, whose `binary_data_output` holds for outputs that do not say `binary_data` themselves
 * @throws ShapeError for an output that the model does not have or that comes twice
 */
export function readOutputs(
  value: unknown,
  model: ModelTensors,
  parameters: Parameters,
): readonly RequestedOutput[] {
  const binary = readFlag(parameters, 'binary_data_output', false);
  if (value === undefined) return model.outputs.map(({ name }) => ({ name, binary }));
  if (!Array.isArray(value)) {
    throw new ProtocolError(
      'malformed',
      `outputs: expected a list, got ${describeValue(value)}; leave it out for all outputs`,
    );
  }
  if (value.length === 0) return model.outputs.map(({ name }) => ({ name, binary }));
  const outputs: RequestedOutput[] = [];
  for (const part of value as readonly unknown[]) {
    const output = isObject(part) ? part : {};
    const name = findOutput(output.name, model);
    if (outputs.some((other) => other.name === name)) {
      throw new ShapeError(`output "${name}": expected once, got it twice; remove one`);
    }
    const own = readParameters(output.parameters, `output "${name}": parameters`);
    outputs.push({ name, binary: readFlag(own, 'binary_data', binary) });
  }
  return outputs;
}

function findOutput(name: unknown, model: ModelTensors): string {
  const spec = model.outputs.find((candidate) => candidate.name === name);
  if (spec) return spec.name;
  throw new ShapeError(
    `output ${describeValue(name)}: the model has no such output; it gives ${model.outputs.map((output) => output.name).join(' and ')}`,
  );
}

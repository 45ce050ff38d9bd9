import { ShapeError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
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
 * Reads `outputs`.
 *
 * @param standard   what is answered when the request names none
 * @param parameters of the request, whose `binary_data_output` holds for outputs that do not say `binary_data` themselves
 * @throws ShapeError for an output that the model does not have or that comes twice; ProtocolError for a form that none has here
 */
export function readOutputs(
  value: unknown,
  specs: readonly TensorSpec[],
  standard: readonly TensorSpec[],
  parameters: Parameters,
): readonly RequestedOutput[] {
  const binary = readFlag(parameters, 'binary_data_output', false);
  if (value === undefined) return standard.map(({ name }) => ({ name, binary }));
  if (!Array.isArray(value)) {
    throw new ProtocolError(
      'malformed',
      `outputs: expected a list, got ${describeValue(value)}; leave it out for all outputs`,
    );
  }
  if (value.length === 0) return standard.map(({ name }) => ({ name, binary }));
  const outputs: RequestedOutput[] = [];
  for (const part of value as readonly unknown[]) {
    const output = isObject(part) ? part : {};
    const name = findOutput(output.name, specs);
    if (outputs.some((other) => other.name === name)) {
      throw new ShapeError(`output "${name}": expected once, got it twice; remove one`);
    }
    const own = readParameters(output.parameters, `output "${name}": parameters`);
    checkForm(own, name);
    outputs.push({ name, binary: readFlag(own, 'binary_data', binary) });
  }
  return outputs;
}

/** Of Triton's extensions: a client that asks for one of these would take the answer for another than it is. */
function checkForm({ classification = 0, shared_memory_region: region }: Parameters, name: string): void {
  if (classification !== 0) {
    throw new ProtocolError(
      'malformed',
      `output "${name}": parameters: classification: expected none, since the service answers with the values themselves, got ${describeValue(classification)}; leave it out and sort them`,
    );
  }
  if (region !== undefined) {
    throw new ProtocolError(
      'malformed',
      `output "${name}": parameters: shared_memory_region: expected none, since the service shares no memory, got ${describeValue(region)}; take the values from the answer`,
    );
  }
}

function findOutput(name: unknown, specs: readonly TensorSpec[]): string {
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec) return spec.name;
  throw new ShapeError(
    `output ${describeValue(name)}: the model has no such output; it gives ${specs.map((output) => output.name).join(' and ')}`,
  );
}

import { describeValue, isObject } from './jsonBody.ts';
import { ProtocolError } from './protocolError.ts';

/** `parameters` of a request, an input or an output: names with a string, a number or a truth value each. */
export type Parameters = Readonly<Partial<Record<string, string | number | boolean>>>;

/**
 * @param where what to call it in an error
 * @throws ProtocolError if it is no object, or a value is of another kind
 */
export function readParameters(value: unknown, where: string): Parameters {
  if (value === undefined) return {};
  if (!isObject(value)) {
    throw new ProtocolError(
      'malformed',
      `${where}: expected an object, got ${describeValue(value)}; remove it`,
    );
  }
  for (const [name, parameter] of Object.entries(value)) {
    if (typeof parameter !== 'string' && typeof parameter !== 'number' && typeof parameter !== 'boolean') {
      throw new ProtocolError(
        'malformed',
        `${where}: ${name}: expected a string, a number, true or false, got ${describeValue(parameter)}; correct it`,
      );
    }
  }
  return value as Parameters;
}

/** @throws ProtocolError unless the parameter is left out or a truth value */
export function readFlag(parameters: Parameters, name: string, otherwise: boolean): boolean {
  if (!Object.hasOwn(parameters, name)) return otherwise;
  const value = parameters[name];
  if (typeof value !== 'boolean') {
    throw new ProtocolError(
      'malformed',
      `parameters: ${name}: expected true or false, got ${describeValue(value)}; correct it`,
    );
  }
  return value;
}

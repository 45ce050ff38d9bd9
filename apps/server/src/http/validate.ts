import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { ProtocolError } from '@onda/protocol';

/**
 * Validates a value by its schema.
 *
 * @param where what the value is, in the error: `the path`
 * @throws ProtocolError 400
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where?: string,
): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [{ path, message }] = error.issues;
  const place = [...(where === undefined ? [] : [where]), ...path].join(': ');
  throw new ProtocolError('malformed', `${place || 'the body'}: ${message}`);
}

/** Validates the parts of a request by the zod schemas of its route. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (input) => {
    try {
      return { value: validate(schema, input, httpPart === 'params' ? 'the path' : undefined) };
    } catch (error) {
      return { error: error as Error };
    }
  };

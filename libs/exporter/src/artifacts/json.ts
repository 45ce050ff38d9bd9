import { ModelError } from '@onda/contract';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws ModelError that names the place */
export function objectAt(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value;
  throw damaged(where, 'an object', value);
}

/** @throws ModelError that names the place */
export function listAt(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw damaged(where, 'a list', value);
}

/** @throws ModelError that names the place */
export function textAt(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw damaged(where, 'text', value);
}

function damaged(where: string, expected: string, value: unknown): ModelError {
  const got = value === undefined ? 'nothing' : JSON.stringify(value);
  return new ModelError(
    `model topology: ${where}: expected ${expected}, got ${got.length > 80 ? `${got.slice(0, 80)}...` : got}; save the model again`,
  );
}

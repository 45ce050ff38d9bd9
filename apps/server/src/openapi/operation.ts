import type { schemas } from './schemas.ts';

type SchemaName = keyof typeof schemas;

/** What a route takes and gives, as the document tells it. */
export interface Operation {
  id: string;
  says: string;
  /** Of the body. */
  takes?: SchemaName;
  /** A request without a body is one with an empty object. */
  bodyOptional?: true;
  /** Of a 200 in JSON; null: bytes. */
  gives: SchemaName | null;
  /** Bodies of the binary tensor extension go in and out too. */
  binary?: true;
  /** Events in place of one JSON document. */
  events?: true;
  /** Statuses that are answered with something else than an error: their schema, or null for no body. */
  others?: Readonly<Record<number, SchemaName | null>>;
  /** Statuses of errors besides those that every route has. */
  errors?: readonly number[];
}

/** What a document is of: a port. */
export interface Described {
  says: string;
  /** By method and path; `{model}` stands for both of a model's paths. */
  operations: Readonly<Record<string, Operation>>;
  /** Statuses of errors that every route may answer. */
  always: readonly number[];
}

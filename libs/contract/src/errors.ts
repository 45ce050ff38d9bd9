import type { z } from 'zod';
import { pathText } from './configErrors.ts';
import { cutMessage } from './quoted.ts';

/**
 * Base class of all expected errors of Onda.
 *
 * The message is complete: where, what was expected, what came, what to do. Commands print only the message; any other error is a
 * bug and is printed with its stack trace.
 */
export class OndaError extends Error {
  /** Stable, machine-readable name of the kind of error, such as `config`. */
  readonly code: string;
  /** Exit code of a command that fails with this error: 1 it ran and the result is bad, 2 invalid arguments or input. */
  readonly exitCode: 1 | 2;

  constructor(code: string, message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(cutMessage(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = options.exitCode ?? 2;
  }
}

/** A configuration or option with an unknown key, a missing value, or a value of the wrong type or size. */
export class ConfigError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('config', message, options);
  }
}

/** Invalid data: a CSV file, a prompt, a series. */
export class DataError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('data', message, options);
  }
}

/** A tensor, weight or array of the wrong shape. */
export class ShapeError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('shape', message, options);
  }
}

/** A model folder, manifest or ONNX file that is missing, damaged or violates the contract. */
export class ModelError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('model', message, options);
  }
}

/** A missing dependency of the machine: a library, a driver, a browser. */
export class MissingError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('missing', message, options);
  }
}

/** A bad result, such as values that differ. Exit code 1. */
export class ResultError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('result', message, { ...options, exitCode: 1 });
  }
}

/** A run of a model that its inputs made fail. Exit code 1. */
export class RunError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('run', message, { ...options, exitCode: 1 });
  }
}

/** A run of a model that needs more memory than available. Exit code 1. */
export class MemoryError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('memory', message, { ...options, exitCode: 1 });
  }
}

/** An error as data, for structured cloning between threads, which drops classes and own fields. */
export interface ErrorMessage {
  /** Code of an OndaError; null for any other error. */
  code: string | null;
  message: string;
  /** Stack trace of an unexpected error. */
  stack?: string;
}

const errorClasses: Readonly<Record<string, new (message: string) => OndaError>> = {
  config: ConfigError,
  data: DataError,
  missing: MissingError,
  model: ModelError,
  memory: MemoryError,
  result: ResultError,
  run: RunError,
  shape: ShapeError,
};

/** Converts an error to data. */
export function toErrorMessage(error: unknown): ErrorMessage {
  if (error instanceof OndaError) return { code: error.code, message: error.message };
  if (!(error instanceof Error)) return { code: null, message: String(error) };
  return { code: null, message: error.message, ...(error.stack !== undefined && { stack: error.stack }) };
}

/** Restores an error of the same class, code and message. */
export function fromErrorMessage({ code, message, stack }: ErrorMessage): Error {
  if (code !== null) {
    return Object.hasOwn(errorClasses, code) ? new errorClasses[code](message) : new OndaError(code, message);
  }
  const error = new Error(message);
  return stack === undefined ? error : Object.assign(error, { stack });
}

/** One sentence with the first issue and the number of further ones. */
export function zodMessage(error: z.ZodError): string {
  const [first] = error.issues;
  const rest = error.issues.length - 1;
  const more = rest > 0 ? ` (and ${rest} more)` : '';
  if (first.code === 'unrecognized_keys') {
    const at = [...first.path, first.keys[0]];
    return `${pathText(at)}: unknown key; remove it or correct its name${more}`;
  }
  return `${pathText(first.path)}: ${first.message.replace(/^Invalid input: /, '')}${more}`;
}

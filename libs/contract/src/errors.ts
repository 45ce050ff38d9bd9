/**
 * The one base of every error that Onda throws for a reason it understands.
 *
 * The text is complete by itself: where, what was expected, what came, what to do. A command prints it alone, without a
 * stack trace; anything that is not an `OndaError` is a defect of ours and is printed whole.
 */
export class OndaError extends Error {
  /** Stable, machine-readable name of the kind of failure, such as `config` or `export-mismatch`. */
  readonly code: string;
  /** Exit code of a command that ends with this error: 1 it ran and the result is bad, 2 the call or its input is wrong. */
  readonly exitCode: 1 | 2;

  constructor(code: string, message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = options.exitCode ?? 2;
  }
}

/** A configuration that names something unknown, leaves something out, or gives it the wrong type or size. */
export class ConfigError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('config', message, options);
  }
}

/** Data (a CSV file, a prompt, a series) that cannot be used as it is. */
export class DataError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('data', message, options);
  }
}

/** A tensor, weight or array whose shape is not the one that is needed. */
export class ShapeError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('shape', message, options);
  }
}

/** A model folder, manifest or ONNX file that is missing, damaged or does not hold the contract. */
export class ModelError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('model', message, options);
  }
}

/** Something this machine would need (a library, a driver, a browser) and does not have. */
export class MissingError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('missing', message, options);
  }
}

/** It ran, and the result is not good enough: values that differ, a test that does not hold. Exit code 1. */
export class ResultError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('result', message, { ...options, exitCode: 1 });
  }
}

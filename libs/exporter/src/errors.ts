import { OndaError } from '@onda/contract';

/** A layer or option that ONNX or this exporter cannot express exactly. */
export class UnsupportedError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('unsupported', message, options);
  }
}

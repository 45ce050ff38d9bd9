import { OndaError } from '@onda/contract';

/** A layer, or an option of one, that ONNX or this exporter cannot say exactly. */
export class UnsupportedError extends OndaError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('unsupported', message, options);
  }
}
